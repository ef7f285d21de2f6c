// What a sequence on POWER probably left behind: windows, registered memory.
//
// Only a guess, as the rest of the draft is.

import { ARENA_HUGE_PAGES, areaPages, areaStart } from "../arena.ts";
import { isSpapr, type SpaprEnvironment } from "../environment.ts";
import type { Word64 } from "../op.ts";
import { type Draft, word } from "./draft.ts";

export const HIGH_BASE: bigint = 2n ** 59n;

export interface Window {
  readonly start: bigint;
  readonly size: bigint;
  readonly page: bigint;
}

/** A range of memory; `offset` into the arena or into its huge pages. */
export interface Region {
  readonly memory: "arena" | "huge";
  readonly offset: bigint;
  readonly size: bigint;
}

export class SpaprState {
  readonly environment: SpaprEnvironment;
  /** log2 of the page sizes that windows may have. Found once: a guest's bigints are slow. */
  readonly shifts: readonly number[];
  /** The low window and the high one; the low one is there from the beginning. */
  low: Window | undefined;
  high: Window | undefined;
  readonly regions: Region[] = [];

  constructor(environment: SpaprEnvironment) {
    this.environment = environment;
    this.shifts = onesOf(BigInt(environment.pageSizes));
    const [start, size] = environment.defaultWindow;
    this.low = { start: BigInt(start), size: BigInt(size), page: 4096n };
  }

  get windows(): readonly Window[] {
    return [this.low, this.high].filter((window) => window !== undefined);
  }
}

/** The places of a bitmap's ones, the lowest first. */
function onesOf(bitmap: bigint): readonly number[] {
  return Array.from(bitmap.toString(2))
    .toReversed()
    .flatMap((bit, place) => (bit === "1" ? [place] : []));
}

const STATES = new WeakMap<Draft, SpaprState>();

/** Throws for a draft of another machine: the profiles keep them apart. */
export function spaprState(draft: Draft): SpaprState {
  const known = STATES.get(draft);
  if (known !== undefined) return known;
  if (!isSpapr(draft.environment)) throw new Error("no POWER machine");
  const state = new SpaprState(draft.environment);
  STATES.set(draft, state);
  return state;
}

export function wordOf({ memory, offset }: Pick<Region, "memory" | "offset">): Word64 {
  return `${memory}+${word(offset)}`;
}

/** Whole pages of good memory: some of the arena's main area, or of the huge pages. */
export function pickRegion(draft: Draft): Region {
  const { random } = draft;
  const { hostPage, hugePage } = spaprState(draft).environment;
  if (hugePage > 0 && random.oneIn(3)) return hugeRegion(draft, BigInt(hugePage));
  const page = BigInt(hostPage);
  const mainPages = areaPages("main", hostPage);
  const start = random.pick([0, 0, 4, 8, 16, random.below(mainPages - 4)]);
  const pages = random.pick([1, 2, 4, 8, 8, 16]);
  const most = mainPages - start;
  return {
    memory: "arena",
    offset: page * BigInt(start),
    size: page * BigInt(Math.min(pages, most)),
  };
}

/** Mostly whole huge pages; a region that begins or ends inside one serves smaller pages only. */
function hugeRegion({ random }: Draft, hugePage: bigint): Region {
  return random.weighted<Region>([
    [5, { memory: "huge", offset: 0n, size: hugePage }],
    [3, { memory: "huge", offset: 0n, size: hugePage * BigInt(ARENA_HUGE_PAGES) }],
    [2, { memory: "huge", offset: hugePage, size: hugePage }],
    [1, { memory: "huge", offset: 0x1_0000n, size: 0x10_0000n }],
    [1, { memory: "huge", offset: 0x1000n, size: 0x1_0000n }],
  ]);
}

/** Memory in one of the ways to be bad, or only partly good. */
export function badRegion(draft: Draft): { readonly vaddr: Word64; readonly size: bigint } {
  const { random } = draft;
  const { hostPage } = spaprState(draft).environment;
  const page = BigInt(hostPage);
  const near = (area: "read" | "none" | "write" | "hole" | "guard"): Word64 =>
    `arena+${word(BigInt(areaStart(area, hostPage)) + page * BigInt(random.below(4) - 2))}`;
  const vaddr = random.weighted<() => Word64>([
    [3, () => near("read")],
    [3, () => near("none")],
    [2, () => near("write")],
    [3, () => near("hole")],
    [1, () => near("guard")],
    [2, () => `arena+${word(random.pick([1n, 0x800n, page - 1n]))}`],
    [1, () => random.pick(["0x0", "0x10000", word(2n ** 63n), word(2n ** 64n - page)])],
  ])();
  const size = random.weighted<bigint>([
    [8, page * BigInt(1 + random.below(6))],
    [1, page + 1n],
    [1, 1n],
    [1, 2n ** 64n - page],
  ]);
  return { vaddr, size };
}
