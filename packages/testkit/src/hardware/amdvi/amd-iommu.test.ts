import { expect, test } from "vitest";
import { BLOCKED, INTERRUPT_MESSAGE } from "../iommu-hardware.ts";
import type { AmdOptions } from "./amd-iommu.ts";
import { BOTH, HandBuiltAmd, READ, WRITE } from "./hand-built.ts";

const DEVICE = 0x18;
const OTHER = 0x20;
const STATUS = 0x2020;
const EVENT_HEAD = 0x2010;
const EVENT_TAIL = 0x2018;
const COMMAND_HEAD = 0x2000;
const CONTROL = 0x18;

const invalidate = (domain: number, address: bigint): readonly [bigint, bigint] => [
  (3n << 60n) | (BigInt(domain) << 32n),
  address,
];

/** Domains 5 and 6 over one table; frames 0..511 map to 0x1000 + frame. */
function shared(options: Partial<AmdOptions> = {}) {
  const hand = new HandBuiltAmd(options);
  const top = hand.table();
  const leaf = hand.table();
  hand.attach(DEVICE, top, 2, 5);
  hand.attach(OTHER, top, 2, 6);
  hand.put(top, 0, hand.pointer(leaf, 1));
  const mapTo = (base: number): void => {
    for (let index = 0; index < 512; index++)
      hand.put(leaf, index, (BigInt(base + index) << 12n) | BOTH);
  };
  mapTo(0x1000);
  const seen = (requester: number, frames: readonly number[]): number[] =>
    frames.map((frame) => hand.unit.translateFrame(requester, frame, "read") - frame);
  return { hand, top, leaf, mapTo, seen };
}

const ALL = Array.from({ length: 64 }, (_, index) => index);

test.each([
  { name: "one page", address: 0x1_5000n, first: 21, size: 1 },
  { name: "8 KiB", address: 0x1_4001n, first: 20, size: 2 },
  { name: "16 KiB", address: 0x1_5001n, first: 20, size: 4 },
  { name: "64 KiB", address: 0x1_7001n, first: 16, size: 16 },
  { name: "everything", address: 0x7fff_ffff_ffff_f001n, first: 0, size: 64 },
])("an invalidation of $name forgets exactly that", ({ address, first, size }) => {
  const { hand, mapTo, seen } = shared();
  seen(DEVICE, ALL);
  seen(OTHER, ALL);
  mapTo(0x2000);
  hand.command(invalidate(5, address));
  expect(seen(DEVICE, ALL)).toEqual(
    ALL.map((frame) => (frame >= first && frame < first + size ? 0x2000 : 0x1000)),
  );
  expect(new Set(seen(OTHER, ALL))).toEqual(new Set([0x1000]));
  hand.command([8n << 60n, 0n]);
  expect(new Set([...seen(DEVICE, ALL), ...seen(OTHER, ALL)])).toEqual(new Set([0x2000]));
});

test("a changed device entry counts only after INVALIDATE_DEVTAB_ENTRY", () => {
  const { hand } = shared();
  expect(hand.unit.translateFrame(DEVICE, 3, "read")).toBe(0x1003);
  hand.putDevice(DEVICE, 3n, 0n);
  expect(hand.unit.translateFrame(DEVICE, 3, "read")).toBe(0x1003);
  hand.command([(2n << 60n) | BigInt(OTHER), 0n]);
  expect(hand.unit.translateFrame(DEVICE, 3, "read")).toBe(0x1003);
  hand.command([(2n << 60n) | BigInt(DEVICE), 0n]);
  expect(hand.unit.translateFrame(DEVICE, 3, "read")).toBe(BLOCKED);
});

test.each([
  ["V clear passes everything", 0n, 0x777, 0x777],
  ["V without TV passes nothing", 1n, BLOCKED, BLOCKED],
  ["mode 0 without IR and IW blocks", 3n, BLOCKED, BLOCKED],
  ["mode 0 with IR passes reads", 3n | READ, 0x777, BLOCKED],
  ["mode 0 with IW passes writes", 3n | WRITE, BLOCKED, 0x777],
] as const)("%s", (_, entry, read, write) => {
  const hand = new HandBuiltAmd();
  hand.putDevice(DEVICE, entry, 0n);
  expect(hand.unit.translateFrame(DEVICE, 0x777, "read")).toBe(read);
  expect(hand.unit.translateFrame(DEVICE, 0x777, "write")).toBe(write);
});

test.each([
  ["reserved bits", 3n | 4n, 0x1n, 0x80n],
  ["mode 7", 3n | (7n << 9n), 0x1n, 0n],
  ["a mode deeper than the unit", 3n | (6n << 9n), 0x1n, 0n],
  ["no memory behind the page table", 3n | (1n << 9n) | (0x3fn << 32n) | READ, 0x4n, 0n],
] as const)("a device entry with %s is an event of its own", (_, entry, code, flags) => {
  const hand = new HandBuiltAmd({ levels: 5 });
  hand.putDevice(DEVICE, entry, 0n);
  expect(hand.unit.translateFrame(DEVICE, 1, "read")).toBe(BLOCKED);
  expect(hand.event(0)).toEqual([(code << 60n) | (flags << 48n) | 0x18n, 0x1000n]);
});

test("a requester beyond the device table is an illegal entry, a lost table a hardware error", () => {
  const hand = new HandBuiltAmd();
  expect(hand.unit.translateFrame(128, 1, "write")).toBe(BLOCKED);
  hand.write(0, 0x3f_0000_0000n);
  expect(hand.unit.translateFrame(DEVICE, 1, "read")).toBe(BLOCKED);
  expect([hand.event(0)[0] >> 60n, hand.event(1)[0] >> 60n]).toEqual([1n, 3n]);
  expect(() => hand.unit.translateFrame(-1, 0, "read")).toThrow(RangeError);
});

test("SA silences page faults, SE all but the first", () => {
  const { hand, top } = shared();
  const low = 3n | (2n << 9n) | (BigInt(top) << 12n) | READ | WRITE;
  hand.putDevice(DEVICE, low, 5n | (4n << 32n));
  hand.putDevice(OTHER, low, 6n | (2n << 32n));
  for (const requester of [DEVICE, OTHER, OTHER])
    expect(hand.unit.translateFrame(requester, 0x5000, "read")).toBe(BLOCKED);
  expect(hand.read(EVENT_TAIL)).toBe(0x10n);
  expect(hand.unit.takeFaults()).toHaveLength(3);
});

test("a full event log loses events until it is cleared and started again", () => {
  let interrupts = 0;
  const { hand } = shared({ onEvent: () => interrupts++ });
  hand.write(CONTROL, 0x100dn);
  for (let event = 0; event < 300; event++) hand.unit.translateFrame(DEVICE, 0x5000, "read");
  expect(hand.read(EVENT_TAIL)).toBe(255n * 16n);
  expect(hand.read(STATUS)).toBe(0x13n);
  expect(interrupts).toBe(256);
  hand.write(EVENT_HEAD, 255n * 16n);
  hand.write(CONTROL, 0x1009n);
  hand.write(STATUS, 3n);
  hand.write(CONTROL, 0x100dn);
  hand.unit.translateFrame(DEVICE, 0x5001, "write");
  expect(hand.event(255)).toEqual([
    (2n << 60n) | (0x20n << 48n) | (5n << 32n) | 0x18n,
    0x500_1000n,
  ]);
  expect(hand.read(EVENT_TAIL)).toBe(0n);
});

test("COMPLETION_WAIT stores its value after what came before", () => {
  const { hand } = shared();
  const status = hand.table();
  hand.command(
    [8n << 60n, 0n],
    [(1n << 60n) | (BigInt(status) << 12n) | 0x13n, 0x1122_3344_5566_7788n],
  );
  expect([hand.memory.load32(status, 4), hand.memory.load32(status, 5)]).toEqual([
    0x5566_7788, 0x1122_3344,
  ]);
  expect(hand.read(STATUS) & 4n).toBe(4n);
  expect(hand.read(COMMAND_HEAD)).toBe(0x20n);
});

test.each([
  ["an unknown opcode", [0xfn << 60n, 0n]],
  ["reserved bits", [(8n << 60n) | 1n, 0n]],
  ["a guest invalidation", [3n << 60n, 4n]],
] as const)("%s stops the buffer until it is started again", (_, words) => {
  const { hand } = shared();
  hand.command([8n << 60n, 0n], words, [8n << 60n, 0n]);
  expect(hand.read(COMMAND_HEAD)).toBe(0x10n);
  expect(hand.read(STATUS) & 16n).toBe(0n);
  expect(hand.event(0)).toEqual([5n << 60n, (BigInt(hand.commands) << 12n) | 0x10n]);
  hand.put(hand.commands, 2, 8n << 60n);
  hand.put(hand.commands, 3, 0n);
  hand.write(CONTROL, 5n);
  hand.write(CONTROL, 0x1005n);
  expect(hand.read(COMMAND_HEAD)).toBe(0x30n);
});

test("interrupt and HyperTransport addresses are never memory", () => {
  const { hand } = shared();
  hand.putDevice(0x28, 0n, 0n);
  expect(hand.unit.translateFrame(DEVICE, 0xfee00, "write")).toBe(INTERRUPT_MESSAGE);
  for (const frame of [0xfd0_0000, 0xfff_ffff])
    for (const requester of [DEVICE, 0x28])
      expect(hand.unit.translateFrame(requester, frame, "write")).toBe(BLOCKED);
  expect(hand.unit.translateFrame(0x28, 0xfcf_ffff, "write")).toBe(0xfcf_ffff);
  hand.write(CONTROL, 0n);
  expect(hand.unit.translateFrame(DEVICE, 0x54321, "read")).toBe(0x54321);
});
