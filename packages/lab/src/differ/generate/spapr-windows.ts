// Windows of a POWER container: made and removed, in all shapes that the kernel defines.

import type { CreateOp } from "../op.ts";
import { isPseries } from "../power-platform.ts";
import { type Draft, word } from "./draft.ts";
import { HIGH_BASE, spaprState } from "./spapr-draft.ts";

interface Shape {
  readonly pageShift: number;
  readonly windowSize: bigint;
  readonly levels: number;
}

export function addCreate(draft: Draft): void {
  const { random } = draft;
  const shape = pickShape(draft);
  addCreateOf(draft, shape, {
    fd: draft.container(),
    argsz: random.weighted([
      [24, 40],
      [1, 39],
      [1, 48],
      [1, 0],
    ]),
    flags: random.oneIn(30) ? 1 : 0,
  });
}

/** The first window in the place of the default one, as virtual machines make it. */
export function addOwnWindow(draft: Draft): void {
  draft.add({ op: "remove", fd: "c0", argsz: 16, flags: 0, start: "0x0" });
  spaprState(draft).low = undefined;
  addCreateOf(draft, goodShape(draft), { fd: "c0", argsz: 40, flags: 0 });
}

export function addRemove(draft: Draft): void {
  const { random } = draft;
  const state = spaprState(draft);
  const window = random.pick([state.low, state.low, state.high]);
  const start = random.weighted<() => bigint>([
    [10, () => window?.start ?? random.pick([0n, HIGH_BASE])],
    [2, () => (window?.start ?? 0n) + random.pick([0x1000n, 0x1_2345n, 1n])],
    [1, () => (window === undefined ? 2n ** 40n : window.start + window.size)],
    [1, () => random.pick([2n ** 40n, HIGH_BASE, 2n ** 64n - 1n])],
  ])();
  const argsz = random.weighted([
    [20, 16],
    [1, 15],
    [1, 24],
  ]);
  const flags = random.oneIn(30) ? 1 : 0;
  draft.add({ op: "remove", fd: draft.container(), argsz, flags, start: word(start) });
  if (window === undefined || start < window.start || start >= window.start + window.size) return;
  draft.forget({ iova: window.start, size: window.size });
  if (window === state.low) state.low = undefined;
  else state.high = undefined;
}

function addCreateOf(
  draft: Draft,
  { pageShift, windowSize, levels }: Shape,
  how: Pick<CreateOp, "fd" | "argsz" | "flags">,
): void {
  draft.add({ op: "create", ...how, pageShift, windowSize: word(windowSize), levels });
  const made = draft.ops.at(-1);
  if (made?.op !== "create" || how.argsz < 40 || how.flags !== 0) return;
  const page = 1n << BigInt(made.pageShift);
  const size = BigInt(made.windowSize);
  const state = spaprState(draft);
  // On pseries the firmware places every window high but one of 4 KiB pages that the default one holds.
  const most = BigInt(state.environment.defaultWindow[1]);
  const isLow = !isPseries(state.environment) || (page === 4096n && size <= most);
  if (state.low === undefined && isLow) state.low = { start: 0n, size, page };
  else if (state.high === undefined) state.high = { start: HIGH_BASE, size, page };
}

function pickShape(draft: Draft): Shape {
  const { random } = draft;
  return random.weighted([
    [6, goodShape(draft)],
    [2, oddShape(draft)],
    [2, largeShape(draft)],
  ]);
}

/** Page sizes that the machine offers, and a few thousand of them. */
function goodShape(draft: Draft): Shape {
  const { random } = draft;
  const { environment, shifts } = spaprState(draft);
  const host = Math.log2(environment.hostPage);
  const pageShift = random.pick([host, host, host, host, 12, 16, 16, ...shifts]);
  const size = 1n << BigInt(pageShift + 4 + random.below(11));
  const least = 2n ** 21n;
  const levels = isPseries(environment) ? 1 : random.pick([1, 1, 1, 2, 2, 3]);
  return { pageShift, windowSize: size < least ? least : size, levels };
}

/** Arguments that are refused, in the order of the kernel's checks. */
function oddShape(draft: Draft): Shape {
  const { random } = draft;
  const good = goodShape(draft);
  return random.pick<Shape>([
    { ...good, pageShift: random.pick([0, 11, 13, 17, 24, 34, 63]) },
    { ...good, windowSize: random.pick([0n, 3n << 21n, 2n ** 30n - 4096n, 2n ** 40n + 1n]) },
    { ...good, levels: random.pick([0, 6, 9, 0xffff_ffff]) },
    { ...good, pageShift: 13, windowSize: 0n, levels: 9 },
  ]);
}

/** Up to what the kernel addresses, and beyond: many levels, tables too large for one piece. */
function largeShape(draft: Draft): Shape {
  const { random } = draft;
  const { environment, shifts } = spaprState(draft);
  const pageShift = random.pick([12, 16, ...shifts]);
  const levels = 1 + random.below(Math.max(environment.levels, 2));
  const exponent = random.weighted<() => number>([
    [4, () => pageShift + 16 + random.below(4)],
    [4, () => 30 + random.below(12)],
    [2, () => 40 + random.below(16)],
    [1, () => Math.max(pageShift - random.below(5), 0)],
  ])();
  return { pageShift, windowSize: 1n << BigInt(exponent), levels };
}
