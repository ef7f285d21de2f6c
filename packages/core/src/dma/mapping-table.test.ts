// The table's own edges: leaves that empty, entries that are not there, a table that is cleared.

import { expect, test } from "vitest";
import { MappingTable } from "./mapping-table.ts";

const MANY = 1000;

/** Every second frame is an entry. */
function filled(): MappingTable {
  const table = new MappingTable();
  for (let i = 0; i < MANY; i++) table.insert(2 * i, 2 * i + 1, 5 * i, 1);
  return table;
}

function firstFree(table: MappingTable, frames: number): number {
  return table.findFree({ from: 0, to: 2 ** 52, frames, alignment: 1 });
}

test("leaves that lose their last entry go, and the gap they leave is found", () => {
  const table = filled();
  expect(firstFree(table, 2)).toBe(2 * MANY - 1);
  for (let i = 200; i < 800; i++) expect(table.take(2 * i)).toBe(5 * i);
  expect(table.count).toBe(MANY - 600);
  expect(firstFree(table, 1000)).toBe(399);
  expect(table.find(398)).toEqual({ start: 398, end: 399, host: 995, tag: 1 });
  expect(table.find(400)).toBeUndefined();
  expect(table.find(1600)).toMatchObject({ start: 1600, host: 4000 });
  expect([...table.range(390, 1604)].map((entry) => entry.start)).toEqual([
    390, 392, 394, 396, 398, 1600, 1602,
  ]);
  for (let i = 0; i < MANY; i++) table.take(2 * i);
  expect(table.count).toBe(0);
  expect(firstFree(table, 2 ** 40)).toBe(0);
});

test("a gap that grows over whole leaves is found at each step, in its full length", () => {
  const table = filled();
  for (let i = 200; i < 500; i++) {
    table.take(2 * i);
    const grown = 2 * (i - 200) + 3;
    expect(firstFree(table, grown)).toBe(399);
    expect(firstFree(table, grown + 1)).toBe(2 * MANY - 1);
  }
});

test("a table that is cleared is as new, also where it was looked at last", () => {
  const table = filled();
  const last = 2 * MANY - 2;
  expect(table.overlaps(last, last + 1)).toBe(true);
  table.clear();
  table.insert(last, last + 1, 9, 1);
  expect(table.find(last)).toEqual({ start: last, end: last + 1, host: 9, tag: 1 });
  table.clear();
  expect(table.count).toBe(0);
  expect(table.overlaps(0, 2 * MANY)).toBe(false);
  expect([...table.range(0, 2 ** 52)]).toEqual([]);
  expect(firstFree(table, 4)).toBe(0);
  table.insert(7, 9, 3, 2);
  expect(table.find(8)).toEqual({ start: 7, end: 9, host: 3, tag: 2 });
});

test("an entry is known by its first frame alone", () => {
  const table = filled();
  expect([table.tagOf(10, 11), table.tagOf(10, 12), table.tagOf(11, 12)]).toEqual([1, -1, -1]);
  expect([table.take(11), table.take(-1), table.take(2 * MANY)]).toEqual([-1, -1, -1]);
  table.setTag(10, 6);
  table.setTag(11, 7);
  table.setTag(-2, 7);
  expect(table.tagOf(10, 11)).toBe(6);
  expect([...table.range(0, 2 ** 52)].filter((entry) => entry.tag === 7)).toEqual([]);
  expect(table.count).toBe(MANY);
});

test("regression: the place of an entry that was the first of its leaf is in the leaf before", () => {
  for (let i = 0; i < MANY; i++) {
    const table = filled();
    expect(table.take(2 * i)).toBe(5 * i);
    // The entry before grows over the hole: whoever looks there again must see it.
    if (i > 0) {
      table.take(2 * i - 2);
      expect(table.overlaps(2 * i, 2 * i + 1)).toBe(false);
      expect(table.overlaps(2 * i - 2, 2 * i + 1)).toBe(false);
      table.insert(2 * i - 2, 2 * i + 2, 7, 1);
    }
    expect(table.overlaps(2 * i, 2 * i + 1)).toBe(i > 0);
    expect(table.tagOf(2 * i, 2 * i + 1)).toBe(-1);
  }
});
