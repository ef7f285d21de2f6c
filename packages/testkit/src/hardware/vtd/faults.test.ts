import { expect, test } from "vitest";
import { BLOCKED, type BusAccess } from "../iommu-hardware.ts";
import { HandBuiltVtd } from "./hand-built.ts";
import type { VtdOptions } from "./vtd-iommu.ts";

const DEVICE = 0x18;
const FSTS = 0x34;
const FECTL = 0x38;
const RECORDS = 0x220;
const F_BIT = 1n << 63n;

interface Case {
  readonly name: string;
  readonly code: number;
  readonly access?: BusAccess;
  readonly frame?: number;
  readonly options?: Partial<VtdOptions>;
  readonly arrange: (hand: HandBuiltVtd, top: number, leaf: number) => void;
}

const CASES: readonly Case[] = [
  { name: "root entry absent", code: 0x1, arrange: (hand) => hand.put(hand.root, 0, 0n) },
  { name: "context entry absent", code: 0x2, arrange: (hand) => hand.putContext(DEVICE, 0n, 0n) },
  {
    name: "context width beyond the unit",
    code: 0x3,
    arrange: (hand, top) => hand.attach(DEVICE, top, 2, 5),
  },
  {
    name: "context type with device TLB",
    code: 0x3,
    arrange: (hand, top) => hand.putContext(DEVICE, (BigInt(top) << 12n) | 0b0101n, 0x501n),
  },
  {
    name: "pass-through that the unit lacks",
    code: 0x3,
    options: { passThrough: false },
    arrange: (hand) => hand.putContext(DEVICE, 0b1001n, 0x501n),
  },
  { name: "address too wide", code: 0x4, frame: 2 ** 27, arrange: () => undefined },
  {
    name: "write to a read-only page",
    code: 0x5,
    access: "write",
    arrange: (hand, _, leaf) => hand.put(leaf, 7, 0x12_3456_7001n),
  },
  {
    name: "write to nothing",
    code: 0x5,
    access: "write",
    arrange: (hand, _, leaf) => hand.put(leaf, 7, 0n),
  },
  {
    name: "read of a write-only page",
    code: 0x6,
    arrange: (hand, _, leaf) => hand.put(leaf, 7, 0x12_3456_7002n),
  },
  {
    name: "address bits without R and W",
    code: 0x6,
    arrange: (hand, _, leaf) => hand.put(leaf, 7, 0x12_3456_7ffcn),
  },
  {
    name: "page table outside memory",
    code: 0x7,
    arrange: (hand, top) => hand.put(top, 0, 0x3f_0000_0003n),
  },
  {
    name: "root table outside memory",
    code: 0x8,
    arrange: (hand) => {
      hand.write(0x20, 0x3f_0000_0000n);
      hand.unit.registers.write(0x18, 4, (1n << 31n) | (1n << 30n) | (1n << 26n));
    },
  },
  {
    name: "context table outside memory",
    code: 0x9,
    arrange: (hand) => hand.put(hand.root, 0, 0x3f_0000_0001n),
  },
  {
    name: "reserved low bit of a root entry",
    code: 0xa,
    arrange: (hand) => hand.put(hand.root, 0, (BigInt(hand.context) << 12n) | 0b11n),
  },
  {
    name: "reserved upper half of a root entry",
    code: 0xa,
    arrange: (hand) => hand.put(hand.root, 1, 1n),
  },
  {
    name: "reserved bit of a context entry",
    code: 0xb,
    arrange: (hand, top) => hand.putContext(DEVICE, (BigInt(top) << 12n) | 0x11n, 0x501n),
  },
  {
    name: "reserved bit 71 of a context entry",
    code: 0xb,
    arrange: (hand, top) => hand.putContext(DEVICE, (BigInt(top) << 12n) | 1n, 0x581n),
  },
  {
    name: "context address beyond the host's",
    code: 0xb,
    arrange: (hand) => hand.putContext(DEVICE, (1n << 46n) | 1n, 0x501n),
  },
  {
    name: "page address beyond the host's",
    code: 0xc,
    arrange: (hand, _, leaf) => hand.put(leaf, 7, (1n << 46n) | 3n),
  },
  {
    name: "SNP without snoop control",
    code: 0xc,
    arrange: (hand, _, leaf) => hand.put(leaf, 7, 0x12_3456_7803n),
  },
  {
    name: "2 MiB page that the unit lacks",
    code: 0xc,
    options: { pages2M: false },
    arrange: (hand, top) => hand.put(hand.tables(top, 3, 7, 2), 0, 0x2000_0083n),
  },
  {
    name: "2 MiB page with address bits below its size",
    code: 0xc,
    arrange: (hand, top) => hand.put(hand.tables(top, 3, 7, 2), 0, 0x2000_1083n),
  },
  {
    name: "1 GiB page with address bits below its size",
    code: 0xc,
    arrange: (hand, top) => hand.put(top, 0, 0x2020_0083n),
  },
  {
    name: "a page that lands in the interrupt range",
    code: 0xe,
    arrange: (hand, _, leaf) => hand.put(leaf, 7, 0xfee0_1003n),
  },
];

function mapped(options: Partial<VtdOptions> = {}) {
  const hand = new HandBuiltVtd(options);
  const top = hand.table();
  hand.attach(DEVICE, top, 1, 5);
  const leaf = hand.tables(top, 3, 7, 1);
  hand.put(leaf, 7, 0x12_3456_7003n);
  return { hand, top, leaf };
}

test.each(CASES)("$name is fault 0x$code", ({ code, access, frame, options, arrange }) => {
  const { hand, top, leaf } = mapped(options);
  arrange(hand, top, leaf);
  const asked = frame ?? 7;
  expect(hand.unit.translateFrame(DEVICE, asked, access ?? "read")).toBe(BLOCKED);
  expect(hand.unit.takeFaults()).toMatchObject([
    { requester: DEVICE, address: BigInt(asked) << 12n, access: access ?? "read", code },
  ]);
  const type = access === "write" ? 0n : 1n << 62n;
  expect(hand.read(RECORDS)).toBe(BigInt(asked) << 12n);
  expect(hand.read(RECORDS + 8)).toBe(F_BIT | type | (BigInt(code) << 32n) | BigInt(DEVICE));
  expect(hand.read32(FSTS)).toBe(2n);
});

test("records fill in turn, then overflow loses faults until software clears it", () => {
  const { hand } = mapped({ faultRecords: 2 });
  for (const frame of [0x100, 0x101, 0x102, 0x103]) hand.unit.translateFrame(DEVICE, frame, "read");
  expect(hand.read32(FSTS)).toBe(3n);
  expect([hand.read(RECORDS), hand.read(RECORDS + 16)]).toEqual([0x10_0000n, 0x10_1000n]);
  hand.write(RECORDS + 8, F_BIT);
  hand.write(RECORDS + 24, F_BIT);
  expect(hand.read32(FSTS)).toBe(1n);
  hand.unit.translateFrame(DEVICE, 0x104, "read");
  expect(hand.read(RECORDS + 8) & F_BIT).toBe(0n);
  hand.unit.registers.write(FSTS, 4, 1n);
  hand.unit.translateFrame(DEVICE, 0x105, "read");
  expect(hand.read(RECORDS)).toBe(0x10_5000n);
  expect(hand.unit.takeFaults()).toHaveLength(6);
});

test("FRI names the record that began a pending fault", () => {
  const { hand } = mapped({ faultRecords: 4 });
  hand.unit.translateFrame(DEVICE, 0x100, "read");
  hand.write(RECORDS + 8, F_BIT);
  hand.unit.translateFrame(DEVICE, 0x101, "read");
  hand.unit.translateFrame(DEVICE, 0x102, "read");
  expect(hand.read32(FSTS)).toBe(0x102n);
});

test("FPD keeps faults of its requester out of the records", () => {
  const { hand, top } = mapped();
  hand.putContext(DEVICE, (BigInt(top) << 12n) | 3n, 0x501n);
  expect(hand.unit.translateFrame(DEVICE, 0x100, "read")).toBe(BLOCKED);
  expect(hand.read32(FSTS)).toBe(0n);
});

test("the fault event waits while it is masked", () => {
  let events = 0;
  const { hand } = mapped({ onFaultEvent: () => events++ });
  hand.unit.translateFrame(DEVICE, 0x100, "read");
  expect(hand.read32(FECTL)).toBe(0xc000_0000n);
  expect(events).toBe(0);
  hand.unit.registers.write(FECTL, 4, 0n);
  hand.write(RECORDS + 8, F_BIT);
  hand.unit.translateFrame(DEVICE, 0x101, "read");
  expect(events).toBe(1);
});
