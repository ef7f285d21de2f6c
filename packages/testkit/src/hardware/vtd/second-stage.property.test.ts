// The fast walk against the careful one, over tables of entries that matter to either.

import fc from "fast-check";
import { expect, test } from "vitest";
import { PhysicalMemory } from "../../memory/physical-memory.ts";
import { DEFAULT_CAPABILITIES } from "./registers.ts";
import { SecondStage } from "./second-stage.ts";

/** Bits of an entry's low word: permissions, what ends a walk, what is reserved somewhere. */
const lowBits = fc.constantFrom(3, 3, 3, 3, 1, 2, 0, 0x83, 0x81, 0x803, 0x1003, 0x7003, 0x43);
/** An entry's high word: nothing, a frame above 4 GiB, one of more than 31 bits, reserved bits. */
const highBits = fc.constantFrom(0, 0, 0, 1, 0x7ff, 0x800, 0x3fff, 0x4000, 0xf_ffff);
const leafHigh = fc.constantFrom(0, 1, 1, 1, 0x7ff, 0x800, 0x3fff, 0x4000, 0xf_ffff);
const upper = fc.record({ low: lowBits, high: highBits });

const walk = fc.record({
  levels: fc.constantFrom(3, 4, 5),
  uppers: fc.array(upper, { minLength: 4, maxLength: 4 }),
  plainUppers: fc.boolean(),
  leaf: fc.record({ low: lowBits, high: leafHigh }),
  frame: fc.oneof(
    fc.integer({ min: 0, max: 600 }),
    fc.constantFrom(2 ** 27 - 1, 2 ** 27, 2 ** 31 - 1),
  ),
  needed: fc.constantFrom(1, 2),
  snoopControl: fc.boolean(),
});

test("where the fast walk has an answer, the careful walk has the same", () => {
  let answers = 0;
  fc.assert(
    fc.property(walk, (wanted) => {
      const { stage, top, memory } = built(wanted);
      const { levels, frame, needed } = wanted;
      if (frame >= 512 ** levels || frame >= 2 ** 31) return;
      const from = stage.plainTop(top, levels);
      if (from < 0) return;
      const fast = stage.walkFrom(from, frame, needed);
      const { permissions, careful: left } = stage;
      const careful = stage.walk(top, levels, frame, needed);
      if (fast < 0) {
        expect(left).toBe(careful);
        return;
      }
      answers++;
      expect([fast, permissions, 0]).toEqual([careful, stage.permissions, stage.order]);
      expect(memory.takeStrayAccesses()).toEqual([]);
    }),
    { numRuns: 2000 },
  );
  expect(answers).toBeGreaterThan(100);
});

test("a plain page is found by the fast walk, at both depths", () => {
  for (const levels of [3, 4]) {
    const uppers = Array.from({ length: 4 }, () => ({ low: 3, high: 0 }));
    const leaf = { low: 0x7003, high: 1 };
    const { stage, top } = built({ levels, uppers, plainUppers: true, leaf, frame: 77 });
    expect(stage.walkFrom(stage.plainTop(top, levels), 77, 2)).toBe(0x10_0007);
  }
});

interface Wanted {
  readonly levels: number;
  readonly uppers: readonly { readonly low: number; readonly high: number }[];
  readonly plainUppers: boolean;
  readonly leaf: { readonly low: number; readonly high: number };
  readonly frame: number;
  readonly snoopControl?: boolean;
}

/** Tables down to one leaf for the frame; an upper entry points to the next table whatever its bits. */
function built(wanted: Wanted) {
  const memory = new PhysicalMemory();
  const has = { ...DEFAULT_CAPABILITIES, snoopControl: wanted.snoopControl ?? false };
  const top = memory.tables.allocate();
  let table = top;
  for (let level = wanted.levels; level > 1; level--) {
    const next = memory.tables.allocate();
    const bits = wanted.uppers[level - 2] ?? { low: 3, high: 0 };
    const { low, high } = wanted.plainUppers ? { low: 3, high: 0 } : bits;
    put(memory, table, indexOf(wanted.frame, level), ((next << 12) | low) >>> 0, high);
    table = next;
  }
  put(memory, table, indexOf(wanted.frame, 1), wanted.leaf.low, wanted.leaf.high);
  return { memory, top, stage: new SecondStage(memory, has) };
}

function put(
  memory: PhysicalMemory,
  table: number,
  index: number,
  low: number,
  high: number,
): void {
  memory.store32(table, 2 * index, low);
  memory.store32(table, 2 * index + 1, high);
}

function indexOf(frame: number, level: number): number {
  return Math.floor(frame / 512 ** (level - 1)) % 512;
}
