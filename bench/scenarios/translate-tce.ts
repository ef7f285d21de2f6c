// Translations of the simulated PHB4: tables of 1 to 5 levels, and the TCE cache.
//
// 16,384 pages in an order that is no order; the cache holds 4,096 in slots by the low bits, so a page
// is always evicted before it comes again: every translation walks.

import { HandBuiltPhb } from "../../packages/testkit/src/hardware/tce/hand-built.ts";
import type { Bench, Scenario } from "../harness/bench.ts";
import { type Loop, timed } from "../harness/measure.ts";
import { shuffled } from "../harness/shuffle.ts";

const PAGES = 16_384;
const CACHED_PAGES = 1024;
const REQUESTER = 0x10;
const PE = 3;
/** log2 of the entries of each table; 512 is the smallest. */
const INDEX_BITS: Readonly<Record<number, number>> = { 1: 14, 2: 9, 3: 9, 4: 9, 5: 9 };

export const scenario: Scenario = (bench) => {
  for (const levels of [1, 2, 3, 4, 5]) compareWalks(bench, levels);
  compareHits(bench);
};

function compareWalks(bench: Bench, levels: number): void {
  const { phb } = machine(levels);
  const frames = Uint32Array.from(shuffled(PAGES, 3));
  const walked = phb.statistics.walks;
  bench.compare({
    series: `a walk of ${levels} ${levels === 1 ? "level" : "levels"}`,
    base: "yardstick",
    measured: translating(phb, frames),
    baseLoop: bench.yardstick,
  });
  if (phb.statistics.walks === walked) throw new Error("no translation walked");
}

function compareHits(bench: Bench): void {
  const { phb } = machine(1);
  const frames = Uint32Array.from(shuffled(CACHED_PAGES, 3));
  for (const frame of frames) phb.translateFrame(REQUESTER, frame, "write");
  const { walks } = phb.statistics;
  bench.compare({
    series: "every translation hits the TCE cache",
    base: "yardstick",
    measured: translating(phb, frames),
    baseLoop: bench.yardstick,
  });
  if (phb.statistics.walks !== walks) throw new Error("not every translation hit the cache");
}

/** Goes on where the last sample ended: from the start again, the first pages would still be cached. */
function translating(phb: HandBuiltPhb["phb"], frames: Uint32Array): Loop {
  let at = 0;
  return (operations) =>
    timed(() => {
      for (let i = 0; i < operations; i++) {
        if (phb.translateFrame(REQUESTER, frames[at] ?? 0, "write") < 0)
          throw new Error("a translation was blocked");
        if (++at === frames.length) at = 0;
      }
    });
}

function machine(levels: number): HandBuiltPhb {
  const built = new HandBuiltPhb();
  const bits = INDEX_BITS[levels] ?? 9;
  const tables = new Map<string, number>();
  const top = built.table(bits);
  built.assign(REQUESTER, PE);
  built.window(2 * PE, top, levels, bits, 12);
  for (let page = 0; page < PAGES; page++) {
    let table = top;
    for (let level = levels - 1; level > 0; level--) {
      const key = `${level} ${Math.floor(page / 2 ** (bits * level))}`;
      const below = tables.get(key) ?? built.table(bits);
      if (!tables.has(key)) {
        const index = Math.floor(page / 2 ** (bits * level)) % 2 ** bits;
        built.put(table, index, (BigInt(below) << 12n) | 3n);
        tables.set(key, below);
      }
      table = below;
    }
    built.put(table, page % 2 ** bits, (BigInt(0x10_0000 + 2 * page) << 12n) | 3n);
  }
  return built;
}
