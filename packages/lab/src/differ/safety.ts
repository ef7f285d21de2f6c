// What no sequence may do to a real kernel, or to the process that runs it.
//
// On x86; POWER's dangers are others (safety-spapr.ts). The generator mends what it made; the executor refuses the
// rest, such as a sequence from a file.
//
// 1. Nothing ends at 2^64 where mappings can lie there: 6.12 leaks their pages until the machine is
//    booted again (type1.md 2.10, 9.3).
// 2. A dirty bitmap that the kernel may write ends in the arena, or is short and lies where nothing
//    is mapped: the kernel writes as many words as the range needs and looks at no end.
// 3. An edu transfer stays clear of the end of the device's memory, where QEMU 7.2 aborts; and of the
//    addresses of interrupt messages, where random bytes make QEMU's VT-d end the machine.

import { ARENA_BYTES } from "./arena.ts";
import { type Environment, isSpapr, reachesTheTop, type Type1Environment } from "./environment.ts";
import type { Bitmap, DmaOp, MapOp, Op, RangeOp } from "./op.ts";
import { spaprDanger, spaprMended } from "./safety-spapr.ts";

const END = 2n ** 64n;
export const MOST_DMA_BYTES = 2048;
/** A bitmap of this many bytes cannot leave the guard area, nor reach a mapped page from a low one. */
export const MOST_BITMAP_BYTES = 0x8000n;
/** The kernel refuses longer ones before it writes anything. */
const REFUSED_BITMAP_BYTES = 0x1000_0000n;
const MESSAGES = 0xfee0_0000n;
const MESSAGES_END = 0xfef0_0000n;
const LOW_ADDRESSES = 0x1_0000n;
const KERNEL_ADDRESSES = 2n ** 63n;

/** Why it must not be run, or undefined. */
export function danger(op: Op, environment: Environment): string | undefined {
  if (isSpapr(environment)) return spaprDanger(op, environment);
  if (op.op === "map" || op.op === "unmap" || op.op === "dirty")
    return rangeDanger(op, environment);
  return op.op === "dma" ? dmaDanger(op) : undefined;
}

/** The same op without its danger. */
export function mended(op: Op, environment: Environment): Op {
  if (isSpapr(environment)) return spaprMended(op, environment);
  if (danger(op, environment) === undefined) return op;
  if (op.op === "dma") return { ...op, from: "0x200000", to: "0x200000", length: MOST_DMA_BYTES };
  if (op.op === "map") return { ...op, iova: "0x1000", size: "0x1000" };
  if (op.op !== "unmap" && op.op !== "dirty") return op;
  const { bitmap } = op;
  const short = bitmap === undefined ? {} : { bitmap: { ...bitmap, size: "0x8", data: "0x1000" } };
  return { ...op, iova: "0x1000", size: "0x1000", ...short };
}

function rangeDanger(op: MapOp | RangeOp, environment: Type1Environment): string | undefined {
  if (reachesTheTop(environment) && BigInt(op.iova) + BigInt(op.size) === END)
    return "the range ends at 2^64, where mappings are lost";
  if (op.op === "map" || op.bitmap === undefined || isHarmless(op.bitmap)) return undefined;
  return "the kernel could write the bitmap over other memory";
}

function dmaDanger({ from, to, length }: DmaOp): string | undefined {
  if (!(length > 0 && length <= MOST_DMA_BYTES))
    return "the transfer could leave the device's memory";
  const bytes = BigInt(length);
  const isMessage = [from, to].some(
    (address) => BigInt(address) < MESSAGES_END && BigInt(address) + bytes > MESSAGES,
  );
  return isMessage ? "the transfer could be taken for an interrupt message" : undefined;
}

function isHarmless({ size, data }: Bitmap): boolean {
  const bytes = BigInt(size);
  if (bytes > REFUSED_BITMAP_BYTES) return true;
  if (bytes > MOST_BITMAP_BYTES) return false;
  const [area, offset] = data.split("+");
  if (area === "arena") return BigInt(offset ?? 0) + MOST_BITMAP_BYTES < BigInt(ARENA_BYTES);
  return BigInt(data) < LOW_ADDRESSES || BigInt(data) >= KERNEL_ADDRESSES;
}
