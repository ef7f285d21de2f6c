// Walks the chain of capabilities that VFIO appends to an info struct, trusting none of it.
//
// Each capability begins with `id u16, version u16, next u32`; offsets count from the start of the
// info buffer and 0 ends the chain (include/uapi/linux/vfio.h:85, 6.12). The kernel lays a chain out
// in ascending order, so an offset that does not ascend is refused, and with it every cycle. Alignment is
// not asked for: the 6.1 kernel does not pad a 12-byte capability, so its successor is 4-aligned.

import { IommuError } from "../errors/base.ts";
import type { Fields, Layout } from "./layout.ts";
import type { AbiProfile } from "./profile.ts";
import type { StructReader } from "./reader.ts";
import { createReader } from "./reader.ts";

const HEADER_BYTES = 8;
/** Far above any real chain (type1 has 3, a vfio-pci region 2), far below what costs time. */
export const MAX_CAPABILITIES = 64;

export interface Capability {
  readonly id: number;
  readonly version: number;
  readonly offset: number;
  /** Header and body, up to the next capability or the end: a view, at most this capability's. */
  readonly bytes: Uint8Array;
}

export interface CapabilityChain {
  /** The ioctl that answered, for errors. */
  readonly operation: string;
  /** The whole answer, cut to the argsz in force. */
  readonly info: Uint8Array;
  /** The info struct's `cap_offset`; 0 is an empty chain. */
  readonly first: number;
  /** Bytes of the info struct as its oldest kernel had it; no capability begins before them. */
  readonly fixedBytes: number;
}

/**
 * The capabilities of one answer, in the kernel's order.
 *
 * Valid errors: `kernel-misbehaved` (an offset outside the answer, not ascending, or too many).
 */
export function capabilities(abi: AbiProfile, chain: CapabilityChain): readonly Capability[] {
  const { info } = chain;
  const little = abi.byteOrder === "little";
  const view = new DataView(info.buffer, info.byteOffset, info.byteLength);
  const found: Capability[] = [];
  let from = chain.fixedBytes;
  let offset = chain.first;
  while (offset !== 0) {
    if (found.length === MAX_CAPABILITIES) refuse(chain, offset, "is one too many");
    if (offset < from) refuse(chain, offset, `does not lie behind byte ${from}`);
    if (offset + HEADER_BYTES > info.length) refuse(chain, offset, "has no room for its header");
    const next = view.getUint32(offset + 4, little);
    found.push({
      id: view.getUint16(offset, little),
      version: view.getUint16(offset + 2, little),
      offset,
      bytes: info.subarray(offset, next === 0 ? info.length : Math.max(offset, next)),
    });
    from = offset + HEADER_BYTES;
    offset = next;
  }
  return found;
}

/** The first capability with this id, or undefined. An id is unique for one info ioctl. */
export function findCapability(chain: readonly Capability[], id: number): Capability | undefined {
  return chain.find((capability) => capability.id === id);
}

/**
 * A reader over one capability, whose layout begins with the header.
 *
 * Valid errors: `kernel-misbehaved` (the kernel left less room than the struct takes).
 */
export function readCapability<F extends Fields>(
  operation: string,
  layout: Layout<F>,
  abi: AbiProfile,
  capability: Capability,
): StructReader<F> {
  const { bytes, id } = capability;
  if (bytes.length < layout.size)
    misbehaved(
      operation,
      `capability ${id} has ${bytes.length} bytes, a ${layout.name} takes more`,
      {
        capability: id,
        bytes: bytes.length,
        needed: layout.size,
      },
    );
  return createReader(layout, abi, bytes);
}

/** Refuses a count that the bytes behind it cannot hold. Valid errors: `kernel-misbehaved`. */
export function requireCount(operation: string, what: string, count: number, room: number): void {
  if (count <= room) return;
  misbehaved(operation, `the kernel counts ${count} ${what} where ${room} fit`, { count, room });
}

function refuse(chain: CapabilityChain, offset: number, why: string): never {
  misbehaved(chain.operation, `the capability at byte ${offset} of the answer ${why}`, {
    offset,
    first: chain.first,
    bytes: chain.info.length,
  });
}

function misbehaved(operation: string, sentence: string, facts: Record<string, number>): never {
  throw new IommuError({ code: "kernel-misbehaved", operation, sentence, facts });
}
