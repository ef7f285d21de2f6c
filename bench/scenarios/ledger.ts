// The ledger alone, without a kernel: insert, look up and remove among many live mappings.
//
// Live mappings lie four pages apart, and each operation takes one of 512 places between them, in an
// order that is no order. What grows as log n may grow by log 65,535 / log 1,000 = 1.6.

import { bytes, type DmaWindow, type HostAddress, hostAddress, iova } from "@iommukit/core";
import { ACCESS_TAGS } from "../../packages/core/src/dma/entry.ts";
import { Ledger } from "../../packages/core/src/dma/ledger.ts";
import { hostFrames, wholeFrames } from "../../packages/core/src/dma/page-frames.ts";
import { MemoryTable } from "../../packages/core/src/memory/memory-table.ts";
import type { Scenario } from "../harness/bench.ts";
import { type Loop, timed } from "../harness/measure.ts";
import { shuffled } from "../harness/shuffle.ts";

const PAGE = bytes(4096);
const STRIDE = 4n * 4096n;
const OPERATIONS = 512;
const READ_WRITE = ACCESS_TAGS["read-write"];
const HOST = 0x7f00_0000_0000n;

const SIZES = [8_191, 65_535] as const;
const FEWEST = 1_000;

export const scenario: Scenario = (bench) => {
  const fewest = operations(FEWEST);
  for (const name of NAMES)
    bench.compare({
      series: `${name} among ${FEWEST}`,
      base: "yardstick",
      measured: fewest[name],
      baseLoop: bench.yardstick,
      operations: OPERATIONS,
    });
  for (const live of SIZES) {
    const more = operations(live);
    // Against the same operation among fewer: the ratio is the growth.
    for (const name of NAMES)
      bench.compare({
        series: `${name} among ${live}`,
        base: "fewest",
        measured: more[name],
        baseLoop: fewest[name],
        operations: OPERATIONS,
      });
  }
};

const NAMES = ["insert", "lookup", "remove"] as const;

function operations(live: number): Readonly<Record<(typeof NAMES)[number], Loop>> {
  const ledger = filled(live);
  const places = shuffled(live, 1)
    .slice(0, OPERATIONS)
    .map((index) => iova(BigInt(index) * STRIDE + 2n * 4096n));
  const host = hostAddress(HOST);
  const insert = (): void => {
    for (const at of places) {
      const [start, frames, hostFrame] = [wholeFrames(at), wholeFrames(PAGE), hostFrames(host)];
      if (!ledger.admits(start, hostFrame, frames, "read-write")) throw new Error("not admitted");
      ledger.addFrames(start, hostFrame, frames, READ_WRITE);
    }
  };
  const remove = (): void => {
    for (const at of places) {
      const [start, frames] = [wholeFrames(at), wholeFrames(PAGE)];
      if (!ledger.isWhole(start, frames)) throw new Error("not mapped");
      ledger.removeWhole(start, frames);
    }
  };
  const lookup = (): void => {
    for (const at of places) if (ledger.find(at) === undefined) throw new Error("not found");
  };
  const nothing = (): void => undefined;
  return {
    insert: () => between(nothing, insert, remove),
    lookup: () => between(insert, lookup, remove),
    remove: () => between(insert, remove, nothing),
  };
}

/** Only the middle is timed. */
function between(before: () => void, measured: () => void, after: () => void): number {
  before();
  const took = timed(measured);
  after();
  return took;
}

function filled(live: number): Ledger {
  const memory = new MemoryTable();
  const first = Number(HOST >> 12n);
  memory.add(first, first + 1);
  const ledger = new Ledger({
    memory,
    needsRegistration: false,
    writeOnlyRefused: () => undefined,
    mappingLimit: undefined,
  });
  ledger.setWindows([wide()]);
  const host: HostAddress = hostAddress(HOST);
  for (const index of shuffled(live, 2))
    ledger.add(iova(BigInt(index) * STRIDE), host, PAGE, "read-write");
  return ledger;
}

/** 39 bits, as Type1 offers on the emulated machine. */
function wide(): DmaWindow {
  const last = iova(2n ** 39n - 1n);
  return { kind: "fixed", start: iova(0), last, pageSize: 4096, hardwarePageSizes: 4096n };
}
