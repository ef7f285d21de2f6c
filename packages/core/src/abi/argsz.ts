// Asks an info ioctl for its answer, grows the buffer to what it says, and asks again.
//
// VFIO's info calls never fail for a short buffer: they answer the fixed part and put the size that
// would have held everything into `argsz` (include/uapi/linux/vfio.h:94, 6.12). The chain may grow
// between two calls, as a group joins, so one retry is not enough; a kernel that asks for ever more
// must not be followed for ever, so rounds and bytes are limited.

import { IommuError } from "../errors/base.ts";
import type { AbiProfile } from "./profile.ts";

/** One page of capabilities is a lot; a dependent-device list or a sparse map stays below this. */
export const MAX_ARGSZ: number = 1024 * 1024;
export const MAX_ARGSZ_ROUNDS = 4;

export interface ArgszRequest {
  /** The ioctl's name, for errors. */
  readonly operation: string;
  /** Bytes of the struct as this library knows it: the first buffer, and the least argsz. */
  readonly bytes: number;
  /** Writes the input fields; argsz is written already. Runs before each call. */
  readonly prepare?: (request: Uint8Array) => void;
  /** Makes the call and gives the raw result, which may be -errno. */
  readonly call: (request: Uint8Array) => number;
  /** Bytes that would hold everything; for calls that do not say it in argsz. */
  readonly needed?: (answer: Uint8Array, result: number) => number;
  readonly maximumBytes?: number;
  readonly maximumRounds?: number;
}

export interface ArgszAnswer {
  /** The last call's raw result; when negative, `bytes` hold nothing of meaning. */
  readonly result: number;
  /** The buffer of the last call, all of it in force: nothing is copied. */
  readonly bytes: Uint8Array;
}

/**
 * Calls until the answer fits, or until the kernel refuses.
 *
 * An errno ends it and is handed to the caller, who knows what it means, unless `needed` says that a
 * larger buffer would help (`VFIO_DEVICE_GET_PCI_HOT_RESET_INFO` answers ENOSPC with a count).
 *
 * Valid errors: `kernel-misbehaved` (argsz below the struct, above the limit, or never satisfied).
 */
export function askWithArgsz(abi: AbiProfile, request: ArgszRequest): ArgszAnswer {
  const { maximumBytes = MAX_ARGSZ, maximumRounds = MAX_ARGSZ_ROUNDS } = request;
  const needed = request.needed ?? ((answer, result) => argszOf(abi, answer, result));
  let size = request.bytes;
  for (let round = 0; round < maximumRounds; round++) {
    const bytes = new Uint8Array(size);
    new DataView(bytes.buffer).setUint32(0, size, abi.byteOrder === "little");
    request.prepare?.(bytes);
    const result = request.call(bytes);
    const wanted = needed(bytes, result);
    if (result >= 0 && !(wanted >= request.bytes))
      refuse(request, "is less than the struct's own size", {
        argsz: wanted,
        least: request.bytes,
      });
    if (!(wanted > size)) return { result, bytes };
    if (wanted > maximumBytes) refuse(request, "is absurd", { argsz: wanted, limit: maximumBytes });
    size = wanted;
  }
  return refuse(request, "grew at every call", { argsz: size, calls: maximumRounds });
}

/** A failed call wrote nothing, so its argsz is ours: what we have is what is needed. */
function argszOf(abi: AbiProfile, answer: Uint8Array, result: number): number {
  if (result < 0) return answer.length;
  const view = new DataView(answer.buffer, answer.byteOffset, answer.byteLength);
  return view.getUint32(0, abi.byteOrder === "little");
}

function refuse(request: ArgszRequest, why: string, facts: Record<string, number>): never {
  throw new IommuError({
    code: "kernel-misbehaved",
    operation: request.operation,
    sentence: `the size that ${request.operation} asks for ${why}`,
    facts,
  });
}
