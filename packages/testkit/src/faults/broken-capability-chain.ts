// A capability chain that no walker may follow blindly: circular, backwards, or out of the buffer.
//
// Strikes only when the kernel wrote a chain, that is, when the struct's offset is not zero.

import type { FaultEffect } from "./plan.ts";
import { afterSuccess } from "./written-back.ts";

/** How the chain is broken. */
export type ChainBreak = "circular" | "backwards" | "out-of-bounds" | "misaligned" | "truncated";

const NEXT_IN_HEADER = 4;
const HEADER_SIZE = 8;

/** `capOffsetAt` is where the struct keeps the chain's start: 16 in type1_info, 12 in region_info. */
export function breaksChain(how: ChainBreak, capOffsetAt: number): FaultEffect {
  return afterSuccess(`${how} capability chain`, (view, little) => {
    if (view.byteLength < capOffsetAt + 4) return;
    const first = view.getUint32(capOffsetAt, little);
    if (first === 0 || first + HEADER_SIZE > view.byteLength) return;
    if (how === "truncated") view.setUint32(capOffsetAt, view.byteLength - 4, little);
    else view.setUint32(first + NEXT_IN_HEADER, brokenNext(how, first, view.byteLength), little);
  });
}

function brokenNext(how: Exclude<ChainBreak, "truncated">, first: number, end: number): number {
  switch (how) {
    case "circular":
      return first;
    case "backwards":
      return 4;
    case "out-of-bounds":
      return end + HEADER_SIZE;
    case "misaligned":
      return first + 1;
  }
}
