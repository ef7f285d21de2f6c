// Translations of the simulated VT-d unit, and the C walk of the very same tables.
//
// 16,384 pages of 4 KiB under four levels, in an order that is no order. The IOTLB holds 4,096 in
// slots by the low bits, so a page is always evicted before it comes again: every translation walks.

import { VtdIommu } from "../../packages/testkit/src/hardware/vtd/vtd-iommu.ts";
import { VtdDriver } from "../../packages/testkit/src/kernel/iommu/vtd-driver.ts";
import { PhysicalMemory } from "../../packages/testkit/src/memory/physical-memory.ts";
import { FIRST_TABLE_FRAME } from "../../packages/testkit/src/memory/table-arena.ts";
import type { Bench, Scenario } from "../harness/bench.ts";
import { type Loop, timed } from "../harness/measure.ts";
import { shuffled } from "../harness/shuffle.ts";
import type { NativeTables } from "../native/load.ts";

const PAGES = 16_384;
const CACHED_PAGES = 1024;
const FIRST_FRAME = 0x10_0000;
const REQUESTER = 0x10;

export const scenario: Scenario = (bench) => {
  const { hardware, tables, physical } = machine();
  const all = Uint32Array.from(shuffled(PAGES, 3), (page) => FIRST_FRAME + page);
  const some = all.filter((frame) => frame < FIRST_FRAME + CACHED_PAGES);
  const sum = sumOf(hardware, all);
  bench.native.walkTables(tables, all, PAGES);
  if (sum !== bench.native.walkSum || sum !== physical)
    throw new Error("C and the simulator translate differently");
  bench.compare({
    series: "every translation walks",
    base: "c",
    measured: walking(hardware, all),
    baseLoop: (operations) => bench.native.walkTables(tables, all, operations),
  });
  compareHits(bench, hardware, some);
};

function compareHits(bench: Bench, hardware: VtdIommu, frames: Uint32Array): void {
  sumOf(hardware, frames);
  const { walks } = hardware.statistics;
  bench.compare({
    series: "every translation hits the IOTLB",
    base: "yardstick",
    measured: hitting(hardware, frames),
    baseLoop: bench.yardstick,
  });
  if (hardware.statistics.walks !== walks) throw new Error("not every translation hit the IOTLB");
}

/** Goes on where the last sample ended: from the start again, the first pages would still be cached. */
function walking(hardware: VtdIommu, frames: Uint32Array): Loop {
  let next = 0;
  return (operations) => {
    const { hits } = hardware.statistics;
    const took = timed(() => {
      next = translateAll(hardware, frames, next, operations);
    });
    if (hardware.statistics.hits !== hits) throw new Error("a translation hit the IOTLB");
    return took;
  };
}

function hitting(hardware: VtdIommu, frames: Uint32Array): Loop {
  return (operations) => timed(() => void translateAll(hardware, frames, 0, operations));
}

/** Answers where to go on. Counts in variables of its own: those of a closure are memory. */
function translateAll(
  hardware: VtdIommu,
  frames: Uint32Array,
  first: number,
  operations: number,
): number {
  let at = first;
  for (let i = 0; i < operations; i++) {
    if (hardware.translateFrame(REQUESTER, frames[at] ?? 0, "write") < 0)
      throw new Error("a translation was blocked");
    if (++at === frames.length) at = 0;
  }
  return at;
}

function sumOf(hardware: VtdIommu, frames: Uint32Array): number {
  return frames.reduce((sum, frame) => sum + hardware.translateFrame(REQUESTER, frame, "write"), 0);
}

interface BuiltMachine {
  readonly hardware: VtdIommu;
  readonly tables: NativeTables;
  /** The sum of the physical frames behind all pages. */
  readonly physical: number;
}

function machine(): BuiltMachine {
  const memory = new PhysicalMemory({ seed: 1 });
  const hardware = new VtdIommu({ memory, addressWidth: 48 });
  const driver = new VtdDriver({ memory, registers: hardware.registers });
  const domain = driver.createDomain();
  domain.attach(REQUESTER);
  let physical = 0;
  for (const page of shuffled(PAGES, 4)) {
    // Odd frames in reverse: no two pages become one large one.
    const frame = 0x20_0000 + 2 * (PAGES - page) + 1;
    domain.map(FIRST_FRAME + page, frame, 1, { read: true, write: true });
    physical += frame;
  }
  const { rootFrame: top, levels } = domain;
  const tables = { words: memory.tables.words, firstTable: FIRST_TABLE_FRAME, top, levels };
  return { hardware, tables, physical };
}
