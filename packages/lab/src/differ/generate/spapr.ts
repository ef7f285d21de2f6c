// Calls on a POWER container: registered memory, mappings, information, EEH.

import type { EehOp, RangeOp } from "../op.ts";
import { MOST_DMA_BYTES } from "../safety-spapr.ts";
import { type Draft, type Guess, word } from "./draft.ts";
import {
  badRegion,
  HIGH_BASE,
  pickRegion,
  type Region,
  spaprState,
  wordOf,
} from "./spapr-draft.ts";

const READ_WRITE = 3;

export function addRegister(draft: Draft): void {
  const { random } = draft;
  const { regions } = spaprState(draft);
  const common = { op: "register", fd: draft.container(), argsz: argsz(draft, 24) } as const;
  const flags = random.oneIn(30) ? random.below(4) : 0;
  if (random.oneIn(4)) {
    const { vaddr, size } = badRegion(draft);
    draft.add({ ...common, flags, vaddr, size: word(size) });
    return;
  }
  const known = regions[random.below(regions.length)];
  const region = known !== undefined && random.oneIn(5) ? known : pickRegion(draft);
  draft.add({ ...common, flags, vaddr: wordOf(region), size: word(region.size) });
  regions.push(region);
}

/** Memory that will almost certainly be registered: later calls need some. */
export function addGoodRegister(draft: Draft): void {
  const { hostPage } = spaprState(draft).environment;
  const region: Region = { memory: "arena", offset: 0n, size: 24n * BigInt(hostPage) };
  const registering = { op: "register", fd: "c0", argsz: 24, flags: 0 } as const;
  draft.add({ ...registering, vaddr: wordOf(region), size: word(region.size) });
  spaprState(draft).regions.push(region);
}

/** Its mappings are mostly removed before: a region that is given back while mapped stays for ever. */
export function addUnregister(draft: Draft): void {
  const { random } = draft;
  const { regions } = spaprState(draft);
  const at = random.below(regions.length);
  const region = regions[at];
  const common = { op: "unregister", argsz: argsz(draft, 24), flags: 0 } as const;
  if (region === undefined || random.oneIn(4)) {
    const { vaddr, size } = random.oneIn(2) ? badRegion(draft) : nearRegion(draft, region);
    const flags = random.oneIn(5) ? 1 : 0;
    draft.add({ ...common, flags, fd: draft.container(), vaddr, size: word(size) });
    return;
  }
  if (!random.oneIn(12)) unmapAll(draft);
  const fd = random.oneIn(6) ? draft.container() : "c0";
  draft.add({ ...common, fd, vaddr: wordOf(region), size: word(region.size) });
  regions.splice(at, 1);
}

/** A little more, less, or beside a registered region. */
function nearRegion(draft: Draft, region: Region | undefined) {
  const { memory, offset, size } = region ?? pickRegion(draft);
  const page = BigInt(spaprState(draft).environment.hostPage);
  return draft.random.pick([
    { vaddr: wordOf({ memory, offset }), size: size + page },
    { vaddr: wordOf({ memory, offset: offset + page }), size },
    { vaddr: wordOf({ memory, offset }), size: page },
  ]);
}

function unmapAll(draft: Draft): void {
  for (const { iova, size } of draft.mappings.splice(0))
    draft.add({ op: "unmap", fd: "c0", argsz: 24, flags: 0, iova: word(iova), size: word(size) });
}

export function addSpaprMap(draft: Draft): void {
  const { random } = draft;
  const page = pickPage(draft);
  const target = pickTarget(draft, page);
  const flags = random.weighted([
    [12, READ_WRITE],
    [2, 1],
    [2, 2],
    [1, random.below(8)],
  ]);
  const vaddr = pickSource(draft, page);
  draft.add({
    op: "map",
    fd: draft.container(),
    argsz: argsz(draft, 32),
    flags,
    vaddr,
    iova: word(target.iova),
    size: word(target.size),
  });
  if (target.size > 0n) draft.mappings.push(target);
}

/** A mapping that will almost certainly be made. */
export function addGoodSpaprMap(draft: Draft): void {
  const { random } = draft;
  const { windows, environment } = spaprState(draft);
  const page = BigInt(environment.hostPage);
  const window = windows.find((each) => each.page <= page) ?? windows[0];
  const guess: Guess = {
    iova: (window?.start ?? 0n) + page * BigInt(random.below(16)),
    size: page * BigInt(1 + random.below(4)),
  };
  draft.mappings.push(guess);
  draft.add({
    op: "map",
    fd: "c0",
    argsz: 32,
    flags: random.weighted([
      [6, READ_WRITE],
      [1, 1],
      [1, 2],
    ]),
    vaddr: `arena+${word(page * BigInt(random.below(20)))}`,
    iova: word(guess.iova),
    size: word(guess.size),
  });
}

export function addSpaprUnmap(draft: Draft): void {
  const { random } = draft;
  const mapping = draft.someMapping();
  const range =
    mapping === undefined || random.oneIn(4)
      ? pickTarget(draft, pickPage(draft))
      : around(draft, mapping);
  const unmap: RangeOp = {
    op: "unmap",
    fd: draft.container(),
    argsz: argsz(draft, 24),
    flags: random.oneIn(15) ? random.below(8) : 0,
    iova: word(range.iova),
    size: word(range.size),
  };
  draft.add(unmap);
  draft.forget(range);
}

export function addSpaprInfo(draft: Draft): void {
  const { random } = draft;
  const size = random.weighted<() => number>([
    [4, () => 32],
    [2, () => random.below(48)],
    [1, () => random.pick([0, 15, 16, 24, 31, 48, 400])],
  ])();
  draft.add({ op: "iommu-info", fd: draft.container(), argsz: size });
}

type InjectedError = Pick<EehOp, "type" | "func">;

/** Errors to inject of which the answers of QEMU's firmware are known. */
const ERRORS: readonly [InjectedError, ...InjectedError[]] = [
  { type: 0, func: 4 },
  { type: 1, func: 0 },
  { type: 2, func: 0 },
  { type: 0, func: 20 },
  { type: 0, func: 0xffff_ffff },
];

const RESETS: readonly [number, number] = [6, 7];
/** A reset of a PE takes up to 5 s, of which the firmware waits most. */
const OPERATIONS_PER_RESET = 200;

export function addEeh(draft: Draft): void {
  const { random } = draft;
  const fd = draft.container();
  const operation = random.oneIn(OPERATIONS_PER_RESET)
    ? random.pick(RESETS)
    : random.pick([0, 1, 2, 3, 4, 4, 5, 8, 9, 9, 10, 11, 99]);
  const least = operation === 9 ? 40 : 12;
  const size = random.oneIn(6) ? random.pick([11, 12, 39, 40, 100]) : least;
  const flags = random.oneIn(20) ? 1 : 0;
  const call = { op: "eeh", fd, argsz: size, flags, operation } as const;
  draft.add({ ...call, ...random.pick(ERRORS) });
  // A reset goes on until it is ended.
  if (RESETS.includes(operation))
    draft.add({ op: "eeh", fd, argsz: 40, flags: 0, operation: 5, type: 0, func: 0 });
}

/** From and to what is mapped; else where nothing is, and beyond the end of a window. */
export function addSpaprDma(draft: Draft): void {
  const { random } = draft;
  const { windows } = spaprState(draft);
  const place = (): bigint => {
    const mapping = draft.someMapping();
    const window = windows[random.below(windows.length)];
    const end = (window?.start ?? 0n) + (window?.size ?? 0n);
    if (mapping === undefined || random.oneIn(8))
      return random.pick([0x20_0000n, end, end + 0x20_0000n, HIGH_BASE, HIGH_BASE + 2n ** 40n]);
    const inside = BigInt(random.below(2)) * (mapping.size / 2n);
    return mapping.iova + random.pick([0n, 0n, 8n, inside]);
  };
  const length = random.pick([MOST_DMA_BYTES, 512, 8]);
  draft.add({ op: "dma", fd: draft.device(), from: word(place()), to: word(place()), length });
}

/** The IOMMU page of a window that is probably there. */
function pickPage(draft: Draft): bigint {
  const { random } = draft;
  const { windows } = spaprState(draft);
  const page = windows[random.below(windows.length)]?.page ?? 4096n;
  return random.oneIn(12) ? 4096n : page;
}

/** Where to map: in the windows, at their edges, and where none is. */
function pickTarget(draft: Draft, page: bigint): Guess {
  const { random } = draft;
  const { windows } = spaprState(draft);
  const window = windows[random.below(windows.length)];
  const start = window?.start ?? 0n;
  const end = start + (window?.size ?? 2n ** 31n);
  const size = page * BigInt(1 + random.below(random.oneIn(4) ? 12 : 4));
  const iova = random.weighted<() => bigint>([
    [10, () => start + page * BigInt(random.below(24))],
    [4, () => beside(draft, page)],
    [3, () => end - size],
    [1, () => end - page],
    [1, () => random.pick([end, end + page, 2n ** 31n, HIGH_BASE, 0n, 2n ** 64n - page])],
    [1, () => start + random.pick([1n, 0x800n, page - 1n])],
  ])();
  const odd = random.weighted([
    [20, size],
    [1, 0n],
    [1, size + 1n],
    [1, page / 2n],
    [1, 4096n],
  ]);
  return { iova: BigInt.asUintN(64, iova), size: odd };
}

function beside(draft: Draft, page: bigint): bigint {
  const mapping = draft.someMapping();
  if (mapping === undefined) return 0n;
  const { iova, size } = mapping;
  return draft.random.pick([iova, iova - page, iova + page, iova + size, iova + size - page]);
}

/** Mostly what is mapped, exactly; else more, less, or beside it. */
function around(draft: Draft, mapping: Guess): Guess {
  const { iova, size } = mapping;
  const page = pickPage(draft);
  const wider = { iova: iova > page ? iova - page : iova, size: size + 2n * page };
  return draft.random.weighted<Guess>([
    [8, mapping],
    [2, { iova, size: page }],
    [2, wider],
    [2, { iova, size: size + page }],
    [1, { iova: iova + page, size }],
  ]);
}

/** What to map: mostly registered memory, aligned to the window's pages. */
function pickSource(draft: Draft, page: bigint): string {
  const { random } = draft;
  const { regions, environment } = spaprState(draft);
  // Huge pages lie at any multiple of their size; whether larger pages fit would differ by machine.
  const fitting = regions.filter(
    ({ memory }) => memory === "arena" || page <= BigInt(environment.hugePage),
  );
  const region = fitting[random.below(fitting.length)];
  if (region === undefined || random.oneIn(8)) return badRegion(draft).vaddr;
  const pages = Number(region.size / page);
  const offset = region.offset + page * BigInt(random.below(Math.max(1, pages)));
  const shifted = random.oneIn(12) ? offset + BigInt(environment.hostPage) : offset;
  return wordOf({ memory: region.memory, offset: shifted });
}

function argsz({ random }: Draft, meant: number): number {
  return random.weighted([
    [24, meant],
    [1, meant - 1],
    [1, meant + 8],
    [1, 0],
  ]);
}
