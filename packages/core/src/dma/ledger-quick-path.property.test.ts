// The quick paths of the ledger against its careful ones: same answer to everything.
//
// Access `write` always goes the careful way, access `read` the quick way first; so the two must
// agree about every range, and about what is wrong with it.

import { fc, test as property } from "@fast-check/vitest";
import { expect } from "vitest";
import type { ByteSize, HostAddress, Iova } from "../address/address.ts";
import type { DmaAccess } from "../contract/access.ts";
import type { DmaWindow } from "../contract/dma-window.ts";
import { isIommuError } from "../errors/base.ts";
import { MemoryTable } from "../memory/memory-table.ts";
import { Ledger } from "./ledger.ts";
import { wholeFrames } from "./page-frames.ts";

const PAGE = 4096n;
const TOP = 2n ** 64n;

/** Two small windows, one of which ends with the 64-bit space and has a larger granule. */
const WINDOWS: readonly DmaWindow[] = [
  { start: 2n * PAGE, last: 40n * PAGE - 1n, pageSize: 4096 },
  { start: TOP - 64n * PAGE, last: TOP - 1n, pageSize: 16_384 },
].map(({ start, last, pageSize }) => ({
  kind: "fixed",
  start: start as Iova,
  last: last as Iova,
  pageSize,
  hardwarePageSizes: BigInt(pageSize),
}));

function ledger(): Ledger {
  const made = new Ledger({
    memory: new MemoryTable(),
    needsRegistration: false,
    writeOnlyRefused: () => undefined,
    mappingLimit: 6,
  });
  made.setWindows(WINDOWS);
  return made;
}

function answer(action: () => unknown): unknown {
  try {
    return action() ?? "admitted";
  } catch (error) {
    return isIommuError(error) ? error.code : error;
  }
}

const iovas = fc.oneof(
  fc.bigInt({ min: 0n, max: 48n }).map((page) => page * PAGE),
  fc.bigInt({ min: 1n, max: 70n }).map((page) => TOP - page * PAGE),
  fc.constantFrom(-PAGE, 1n, PAGE + 1n, TOP, TOP + 3n * PAGE, TOP - 1n),
);
const sizes = fc.oneof(
  fc.bigInt({ min: 0n, max: 12n }).map((pages) => pages * PAGE),
  fc.constantFrom(-PAGE, 1n, TOP, TOP - PAGE, TOP + PAGE),
);
const hosts = fc.oneof(
  fc.bigInt({ min: 0n, max: 16n }).map((page) => page * 4n * PAGE),
  fc.constantFrom(1n, TOP - PAGE, TOP, -1n),
);
const step = fc.record({
  kind: fc.constantFrom("map", "map", "unmap"),
  iova: iovas,
  host: hosts,
  size: sizes,
});

type Range = readonly [Iova, HostAddress, ByteSize];

property.prop([fc.array(step, { maxLength: 30 })])(
  "rule DW3: the quick and the careful way answer the same",
  (steps) => {
    const made = ledger();
    const live: Range[] = [];
    for (const { kind, iova, host, size } of steps) {
      const range: Range = [iova as Iova, host as HostAddress, size as ByteSize];
      const by = (access: DmaAccess): unknown => answer(() => made.admit(...range, access));
      const quick = by("read-write");
      expect(quick).toBe(by("write"));
      expectSameUnmap(made, range);
      if (kind === "map" && quick === "admitted") {
        made.add(...range, "read");
        live.push(range);
        expect(expectSameUnmap(made, range)).toBe(true);
      }
      const oldest = kind === "unmap" ? live.shift() : undefined;
      if (oldest !== undefined) expectRemoved(made, oldest);
    }
  },
);

/** Answers whether the range is one whole mapping, on which both ways must agree. */
function expectSameUnmap(made: Ledger, [iova, , size]: Range): boolean {
  const entries = answer(() => made.admitUnmap(iova, size));
  const isOne =
    Array.isArray(entries) &&
    entries.length === 1 &&
    BigInt(entries[0].start) * PAGE === iova &&
    BigInt(entries[0].end - entries[0].start) * PAGE === size;
  expect(made.isWhole(wholeFrames(iova), wholeFrames(size))).toBe(isOne);
  return isOne;
}

function expectRemoved(made: Ledger, range: Range): void {
  const [iova, , size] = range;
  const before = made.count;
  expect(expectSameUnmap(made, range)).toBe(true);
  made.removeWhole(wholeFrames(iova), wholeFrames(size));
  expect(made.count).toBe(before - 1);
  expect(made.find(iova)).toBeUndefined();
  expect(expectSameUnmap(made, range)).toBe(false);
}
