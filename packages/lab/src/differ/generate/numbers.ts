// Addresses and sizes, biased to the places where kernels go wrong.

import { areaStart, PAGE } from "../arena.ts";
import { isSpapr } from "../environment.ts";
import type { Word64 } from "../op.ts";
import { type Draft, word } from "./draft.ts";

const P = BigInt(PAGE);
const MSI_FIRST = 0xfee0_0000n;
const MSI_END = 0xfef0_0000n;
const TOP = 2n ** 64n;
/** Mappings made here touch and overlap each other. */
const CROWD = 0x10_0000n;
const CROWD_PAGES = 24;

export function pickIova(draft: Draft): bigint {
  const { random } = draft;
  return random.weighted<() => bigint>([
    [12, () => CROWD + P * BigInt(random.below(CROWD_PAGES))],
    [5, () => besideMapping(draft)],
    [3, () => rangeEdge(draft)],
    [2, () => random.pick([0n, P, MSI_FIRST - P, MSI_FIRST, MSI_END - P, MSI_END])],
    [1, () => CROWD + random.pick([1n, 0x800n, 0xfffn])],
    [1, () => random.pick([TOP - P, TOP - 2n * P, TOP - 1n, 2n ** 39n, 2n ** 48n, 2n ** 63n])],
  ])();
}

function besideMapping(draft: Draft): bigint {
  const mapping = draft.someMapping();
  if (mapping === undefined) return CROWD;
  const { iova, size } = mapping;
  return draft.random.pick([iova, iova - P, iova + P, iova + size, iova + size - P]);
}

/** The first and last pages of the ranges, and the pages beyond them. */
function rangeEdge({ random, environment }: Draft): bigint {
  if (isSpapr(environment)) return 0n;
  const range = environment.ranges[random.below(environment.ranges.length)];
  if (range === undefined) return 0n;
  const [first, last] = [BigInt(range[0]), BigInt(range[1])];
  return random.pick([first, first - P, last + 1n - P, last + 1n, last + 1n - 2n * P]);
}

export function pickSize({ random }: Draft): bigint {
  return random.weighted<() => bigint>([
    [14, () => P * BigInt(1 + random.below(4))],
    [5, () => P * BigInt(1 + random.below(16))],
    [2, () => P * random.pick([32n, 36n, 40n, 64n, 65n, 128n])],
    [2, () => random.pick([0n, 1n, 0x800n, P - 1n, P + 1n])],
    [1, () => random.pick([0x20_0000n, 0x4000_0000n, 0xef00_0000n, 2n ** 31n])],
    [1, () => random.pick([TOP - P, TOP - 1n, 2n ** 63n, 2n ** 39n, 2n ** 39n - P])],
  ])();
}

/** Memory to map: mostly good, else one of the ways to be bad. */
export function pickVaddr({ random }: Draft): Word64 {
  const start = random.weighted<() => number>([
    [14, () => PAGE * random.below(24)],
    [2, () => areaStart("read") + PAGE * (random.below(5) - 1)],
    [2, () => areaStart("none") + PAGE * (random.below(5) - 1)],
    [2, () => areaStart("write") + PAGE * (random.below(5) - 1)],
    [2, () => areaStart("hole") + PAGE * (random.below(4) - 1)],
    [1, () => areaStart("guard") - PAGE],
    [1, () => random.pick([1, 0x800, 0xfff])],
  ])();
  if (random.oneIn(30)) return random.pick(["0x0", "0x1000", word(2n ** 63n), word(TOP - P)]);
  return `arena+0x${start.toString(16)}`;
}
