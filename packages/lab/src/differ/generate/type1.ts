// Calls on a container with an IOMMU: mappings, their removal, new addresses, dirty bitmaps.

import { areaStart } from "../arena.ts";
import type { Bitmap, Op } from "../op.ts";
import { MOST_BITMAP_BYTES } from "../safety.ts";
import { type Draft, type Guess, word } from "./draft.ts";
import { pickIova, pickSize, pickVaddr } from "./numbers.ts";

const READ_WRITE = 3;
const VADDR = 4;
const GET_DIRTY = 1;
const ALL = 2;
const START = 1;
const STOP = 2;
const GET = 4;

export function addMap(draft: Draft): void {
  const { random } = draft;
  const iova = pickIova(draft);
  const size = pickSize(draft);
  const flags = random.weighted([
    [12, READ_WRITE],
    [2, 1],
    [2, 2],
    [1, random.below(16)],
  ]);
  const argsz = random.weighted([
    [20, 32],
    [1, 31],
    [1, 40],
    [1, 0],
  ]);
  const vaddr = pickVaddr(draft);
  draft.add({
    op: "map",
    fd: draft.container(),
    argsz,
    flags,
    vaddr,
    iova: word(iova),
    size: word(size),
  });
  if (size <= 0x4_0000n) draft.mappings.push({ iova, size });
}

/** A mapping that will almost certainly be made: later calls need some. */
export function addGoodMap(draft: Draft): void {
  const { random } = draft;
  const pages = BigInt(1 + random.below(4));
  const guess: Guess = {
    iova: 0x20_0000n + 0x1000n * BigInt(random.below(64)),
    size: 0x1000n * pages,
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
    vaddr: `arena+0x${(0x1000 * random.below(24)).toString(16)}`,
    iova: word(guess.iova),
    size: word(guess.size),
  });
}

export function addUnmap(draft: Draft): void {
  const { random } = draft;
  const range = pickRange(draft);
  const flags = random.weighted([
    [14, 0],
    [2, ALL],
    [1, random.below(16)],
  ]);
  const isAll = flags === ALL && !random.oneIn(5);
  const target = isAll ? { iova: 0n, size: 0n } : range;
  draft.add(unmapOp(draft, target, flags));
  if (flags === ALL) draft.mappings.length = 0;
  else draft.forget(target);
}

/** Takes the addresses of mappings away, and mostly gives them new ones. */
export function addVaddrChange(draft: Draft): void {
  const { random } = draft;
  const all = random.oneIn(5);
  const target = all ? { iova: 0n, size: 0n } : pickRange(draft);
  draft.add(unmapOp(draft, target, all ? VADDR | ALL : VADDR));
  if (random.oneIn(3)) return;
  const known = all ? (draft.someMapping() ?? target) : target;
  const mapping = random.oneIn(4) ? pickRange(draft) : known;
  draft.add({
    op: "map",
    fd: draft.container(),
    argsz: 32,
    flags: random.weighted([
      [8, VADDR],
      [1, VADDR | 1],
      [1, VADDR | 2],
    ]),
    vaddr: pickVaddr(draft),
    iova: word(mapping.iova),
    size: word(mapping.size),
  });
}

export function addDirty(draft: Draft): void {
  const { random } = draft;
  const flags = pickDirtyFlags(draft);
  if (flags === START) draft.tracking = true;
  if (flags === STOP) draft.tracking = false;
  const range = pickRange(draft);
  const meant = flags === GET ? 48 : 8;
  const argsz = random.oneIn(5) ? random.pick([7, 8, 47, 48]) : meant;
  draft.add({
    op: "dirty",
    fd: draft.container(),
    argsz,
    flags,
    iova: word(range.iova),
    size: word(range.size),
    ...(flags === START || flags === STOP ? {} : { bitmap: pickBitmap(draft, range.size) }),
  });
}

/** What makes sense in the state that it is probably in; sometimes what does not. */
function pickDirtyFlags({ random, tracking }: Draft): number {
  if (random.oneIn(10)) return random.below(16);
  return tracking
    ? random.pick([GET, GET, GET, GET, GET, GET, STOP, START])
    : random.pick([START, START, START, STOP, GET]);
}

export function addUnmapWithBitmap(draft: Draft): void {
  const { random } = draft;
  const range = pickRange(draft);
  const flags = random.weighted([
    [10, GET_DIRTY],
    [1, GET_DIRTY | ALL],
    [1, GET_DIRTY | VADDR],
  ]);
  draft.add({
    op: "unmap",
    fd: draft.container(),
    argsz: random.weighted([
      [12, 48],
      [1, 47],
      [1, 24],
      [1, 64],
    ]),
    flags,
    iova: word(range.iova),
    size: word(range.size),
    bitmap: pickBitmap(draft, range.size),
  });
  draft.forget(range);
}

export function addIommuInfo(draft: Draft): void {
  const { random } = draft;
  const argsz = random.weighted<() => number>([
    [4, () => 400],
    [2, () => random.below(32)],
    [2, () => random.below(160)],
    [1, () => random.pick([0, 15, 16, 20, 24, 71, 72, 119, 120, 135, 136, 4000])],
  ])();
  draft.add({ op: "iommu-info", fd: draft.container(), argsz });
}

function unmapOp(draft: Draft, { iova, size }: Guess, flags: number): Op {
  const argsz = draft.random.weighted([
    [20, 24],
    [1, 23],
    [1, 48],
    [1, 0],
  ]);
  return { op: "unmap", fd: draft.container(), argsz, flags, iova: word(iova), size: word(size) };
}

/** Mostly what is mapped, exactly; else more, less, or beside it. */
function pickRange(draft: Draft): Guess {
  const { random } = draft;
  const mapping = draft.someMapping();
  if (mapping === undefined || random.oneIn(4))
    return { iova: pickIova(draft), size: pickSize(draft) };
  const { iova, size } = mapping;
  const page = 0x1000n;
  return random.weighted<Guess>([
    [8, mapping],
    [2, { iova: iova - page, size: size + 2n * page }],
    [2, { iova, size: size + page }],
    [1, { iova, size: size - page }],
    [1, { iova: iova + page, size: size - page }],
    [1, { iova: iova - page, size: size + page }],
    [2, { iova: 0x10_0000n, size: 0x20_0000n }],
    [2, { iova: 0n, size: 0x1000_0000n }],
  ]);
}

function pickBitmap(draft: Draft, size: bigint): Bitmap {
  const { random } = draft;
  const enough = 8n * ((size / 0x1000n + 63n) / 64n);
  const bytes = random.weighted<() => bigint>([
    [12, () => (enough > MOST_BITMAP_BYTES ? 8n : enough)],
    [2, () => 4096n],
    [1, () => random.pick([0n, 1n, 7n, enough - 1n, enough + 1n])],
    [1, () => random.pick([0x1000_0001n, 2n ** 63n, 2n ** 64n - 1n])],
  ])();
  const data = random.weighted<() => string>([
    [14, () => arenaWord("bits", 0)],
    [2, () => arenaWord("bits", random.pick([8, 4, 1]))],
    [1, () => arenaWord("read", 0)],
    [1, () => random.pick(["0x0", "0x1000", word(2n ** 63n)])],
  ])();
  const pgsize = random.weighted([
    [16, 0x1000n],
    [1, 0x2000n],
    [1, 0x800n],
    [1, 0n],
    [1, 1n],
  ]);
  return { pgsize: word(pgsize), size: word(bytes), data };
}

function arenaWord(area: "bits" | "read", offset: number): string {
  return `arena+0x${(areaStart(area) + offset).toString(16)}`;
}
