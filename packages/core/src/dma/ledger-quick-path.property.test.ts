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

property.prop([fc.array(step, { maxLength: 30 })])(
  "rule DW3: the quick and the careful way answer the same",
  (steps) => {
    const made = ledger();
    for (const { kind, iova, host, size } of steps) {
      const range = [iova as Iova, host as HostAddress, size as ByteSize] as const;
      const by = (access: DmaAccess): unknown => answer(() => made.admit(...range, access));
      const quick = by("read-write");
      expect(quick).toBe(by("write"));
      const entries = answer(() => made.admitUnmap(range[0], range[2]));
      const isOne =
        Array.isArray(entries) &&
        entries.length === 1 &&
        entries[0].start * 4096 === Number(iova) &&
        BigInt(entries[0].end - entries[0].start) * PAGE === size;
      expect(made.isWhole(range[0], range[2])).toBe(isOne);
      if (kind === "map" && quick === "admitted") made.add(...range, "read");
      if (kind === "unmap" && isOne) {
        const before = made.count;
        made.removeWhole(range[0], range[2]);
        expect(made.count).toBe(before - 1);
        expect(made.find(range[0])).toBeUndefined();
      }
    }
  },
);
