// The kernel works but writes back something else: corrupt bytes, a growing argsz, a short unmap.
//
// Offsets are those of include/uapi/linux/vfio.h; each effect touches the caller's buffer only after
// a call that succeeded.

import type { PortCall } from "../trace/intercept.ts";
import type { FaultEffect } from "./plan.ts";

const ARGSZ = 0;
const UNMAP_SIZE = 16;

/** Changes the bytes of the argument after the call. */
export function corrupts(name: string, change: (view: DataView) => void): FaultEffect {
  return afterSuccess(`corrupts ${name}`, (view) => change(view));
}

/** Needs `more` bytes than the caller has, at every ask it strikes; the chain is left out. */
export function argszGrows(more: number, capOffsetAt: number): FaultEffect {
  return afterSuccess(`needs ${more} bytes more`, (view, little) => {
    view.setUint32(ARGSZ, view.byteLength + more, little);
    if (view.byteLength >= capOffsetAt + 4) view.setUint32(capOffsetAt, 0, little);
  });
}

/** UNMAP_DMA says that it unmapped `less` bytes fewer than it did; never below zero. */
export function unmapsShort(less: bigint): FaultEffect {
  return afterSuccess(`reports ${less} bytes fewer`, (view, little) => {
    const size = view.getBigUint64(UNMAP_SIZE, little);
    view.setBigUint64(UNMAP_SIZE, size > less ? size - less : 0n, little);
  });
}

/** An effect on the bytes of a successful call with a buffer. */
export function afterSuccess(
  name: string,
  change: (view: DataView, little: boolean) => void,
): FaultEffect {
  return {
    name,
    after(call: PortCall, answer, order) {
      const bytes = call.argument;
      if (answer >= 0 && bytes instanceof Uint8Array)
        change(new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), order === "little");
      return answer;
    },
  };
}
