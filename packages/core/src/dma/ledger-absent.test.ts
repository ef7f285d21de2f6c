// What the ledger answers where nothing is mapped, or where there is no window.

import { expect, test } from "vitest";
import { WINDOW } from "../../test/scripted-engine.ts";
import { bytes, hostAddress, iova } from "../address/address.ts";
import { MemoryTable } from "../memory/memory-table.ts";
import { Ledger } from "./ledger.ts";
import { alreadyMapped } from "./refusals.ts";

const PAGE = bytes(4096);
const HOST = hostAddress(0x7f00_0000_0000n);
const FRAME = 0x7f0_0000_00;

function ledger(memory: MemoryTable = new MemoryTable(), needsRegistration = false): Ledger {
  const made = new Ledger({
    memory,
    needsRegistration,
    writeOnlyRefused: () => undefined,
    mappingLimit: undefined,
  });
  made.setWindows([WINDOW]);
  return made;
}

test("what a chunked map has taken is no mapping yet, and is given back as nothing", () => {
  const memory = new MemoryTable();
  const area = memory.add(FRAME, FRAME + 1);
  const made = ledger(memory);
  made.addPending(iova(0x1000), HOST, PAGE, "read");
  expect([made.find(iova(0x1000)), made.find(iova(0x2000))]).toEqual([undefined, undefined]);
  expect(made.mappings()).toEqual([]);
  expect([made.count, made.pending, area?.uses]).toEqual([1, 1, 1]);
  made.settle(iova(0x1000), "read");
  expect(made.find(iova(0x1fff))).toMatchObject({ iova: 0x1000n, host: HOST, access: "read" });
  made.removeAll(made.entriesIn(iova(0x1000), iova(0x1fff)));
  expect([made.count, made.pending, area?.uses]).toEqual([0, 0, 0]);
});

test("an entry that is gone already changes nothing when it is removed or replaced", () => {
  const memory = new MemoryTable();
  const area = memory.add(FRAME, FRAME + 1);
  const made = ledger(memory);
  made.add(iova(0x1000), HOST, PAGE, "read");
  const entries = made.admitUnmap(iova(0x1000), PAGE);
  made.invalidate(entries);
  made.removeAll(entries);
  expect([made.count, made.invalid, area?.uses]).toEqual([0, 0, 0]);
  made.removeAll(entries);
  for (const entry of entries) made.supply(entry, HOST);
  expect([made.count, area?.uses]).toEqual([0, 0]);
});

test("write-only memory is registered before it is mapped, as all other", () => {
  const made = ledger(new MemoryTable(), true);
  const admit = (): void => made.admit(iova(0x1000), HOST, PAGE, "write");
  expect(admit).toThrow(expect.objectContaining({ code: "memory-not-registered" }));
  made.registrations.add(FRAME, FRAME + 1);
  expect(admit).not.toThrow();
});

test("outside every window a mapping is whole pages of 4 KiB", () => {
  const made = ledger();
  made.setWindows([{ ...WINDOW, pageSize: 65_536 }]);
  expect(made.granuleAt(iova(0))).toBe(65_536n);
  expect(made.granuleAt(iova(2n ** 40n))).toBe(4096n);
});

test("an overlap is told with what is there, when that is known", () => {
  const there = { iova: iova(0x4000), size: PAGE, host: HOST, access: "read" } as const;
  const known = alreadyMapped(iova(0x1000), PAGE, there);
  expect(known.facts).toMatchObject({ otherIova: 0x4000n, otherSize: 4096n });
  const unknown = alreadyMapped(iova(0x1000), PAGE, undefined);
  expect(unknown).toMatchObject({ code: "already-mapped" });
  expect(unknown.message).toMatch(/meets a live mapping/);
});

test("memory: an area that is removed twice, and a use that is not counted", () => {
  const memory = new MemoryTable();
  const [low, high] = [memory.add(0, 4), memory.add(8, 12)];
  if (low === undefined || high === undefined) throw new Error("they do not meet");
  memory.remove(low);
  memory.remove(low);
  expect(memory.size).toBe(1);
  memory.use(8, 12, 1);
  memory.use(0, 4, -1);
  expect(high.uses).toBe(1);
  expect([memory.covers(8, 12), memory.covers(0, 4)]).toEqual([true, false]);
});
