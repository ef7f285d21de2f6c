import { expect, test } from "vitest";
import {
  BLOCKED,
  type DmaFault,
  INTERRUPT_MESSAGE,
  type IommuHardware,
} from "../hardware/iommu-hardware.ts";
import { DmaBus } from "./bus.ts";
import { frameOfPage, PhysicalMemory } from "./physical-memory.ts";

/** An IOMMU with a list of pages instead of tables. */
class ListIommu implements IommuHardware {
  readonly name = "list";
  readonly statistics = { hits: 0, walks: 0, faults: 0, invalidations: 0 };
  readonly pages = new Map<number, number>();
  lastFault: DmaFault | undefined;

  translateFrame(requester: number, frame: number, access: "read" | "write"): number {
    const found = this.pages.get(frame);
    if (found !== undefined) return found;
    const address = BigInt(frame) << 12n;
    this.lastFault = { requester, address, access, reason: "not listed", code: 1 };
    return BLOCKED;
  }

  takeFaults(): readonly DmaFault[] {
    return [];
  }
}

function world(blockedReads: "zeros" | "ones" = "zeros") {
  const memory = new PhysicalMemory();
  const hardware = new ListIommu();
  const pages = memory.allocate(3, "scattered");
  for (const [page, iova] of [0x10, 0x11, 0x13].entries())
    hardware.pages.set(iova, frameOfPage(pages, page));
  pages.bytes.fill(0x11, 0, 4096);
  pages.bytes.fill(0x22, 4096, 8192);
  pages.bytes.fill(0x33, 8192);
  return { memory, hardware, pages, bus: new DmaBus({ hardware, memory, blockedReads }) };
}

test("a transfer is split at frames and each frame is translated by itself", () => {
  const { bus } = world();
  const into = new Uint8Array(6);
  expect(bus.dmaRead(1, 0x1_0ffdn, into)).toEqual({ moved: 6, faults: [], interrupts: 0 });
  expect([...into]).toEqual([0x11, 0x11, 0x11, 0x22, 0x22, 0x22]);
});

test.each([
  ["zeros", 0],
  ["ones", 255],
] as const)("a blocked frame in the middle reads as %s, the rest arrives", (blocked, byte) => {
  const { bus } = world(blocked);
  const into = new Uint8Array(4098).fill(0x77);
  const result = bus.dmaRead(1, 0x1_1fffn, into);
  expect(result.moved).toBe(2);
  expect(result.faults).toMatchObject([{ requester: 1, address: 0x1_2000n, access: "read" }]);
  expect([into[0], into[1], into[4096], into[4097]]).toEqual([0x22, byte, byte, 0x33]);
});

test("a blocked frame in the middle of a write changes no byte", () => {
  const { bus, pages } = world();
  const result = bus.dmaWrite(1, 0x1_1ffen, new Uint8Array(4100).fill(0x99));
  expect(result.moved).toBe(4);
  expect(result.faults).toHaveLength(1);
  expect([...pages.bytes.subarray(8189, 8195)]).toEqual([0x22, 0x99, 0x99, 0x99, 0x99, 0x33]);
  expect(pages.bytes.filter((byte) => byte === 0x99)).toHaveLength(4);
});

test("an interrupt message is kept as one and moves no byte", () => {
  const { bus, hardware, pages } = world();
  hardware.pages.set(0xfee00, INTERRUPT_MESSAGE);
  const before = pages.bytes.slice();
  const sent = bus.dmaWrite(3, 0xfee0_0010n, Uint8Array.of(1, 2, 3, 4));
  expect(sent).toEqual({ moved: 0, faults: [], interrupts: 1 });
  expect(bus.takeInterruptMessages()).toEqual([
    { requester: 3, address: 0xfee0_0010n, data: Uint8Array.of(1, 2, 3, 4) },
  ]);
  const into = new Uint8Array(2).fill(9);
  expect(bus.dmaRead(3, 0xfee0_0000n, into).interrupts).toBe(1);
  expect([...into]).toEqual([0, 0]);
  expect(bus.takeInterruptMessages()).toEqual([]);
  expect(pages.bytes).toEqual(before);
});

test("a translation to freed memory moves nothing and leaves a record", () => {
  const { bus, memory, pages } = world();
  memory.free(pages);
  expect(bus.dmaWrite(1, 0x1_0000n, Uint8Array.of(1)).moved).toBe(0);
  expect(memory.takeStrayAccesses()).toMatchObject([{ access: "write", kind: "freed" }]);
});

test("hardware that looks up 64 bytes at a time is asked for each, with the offset", () => {
  const { memory, hardware, pages } = world();
  const asked: string[] = [];
  const chunked: IommuHardware = {
    name: "chunked",
    chunk: 64,
    statistics: hardware.statistics,
    lastFault: { requester: 1, address: 0n, access: "write", reason: "not listed", code: 1 },
    takeFaults: () => [],
    translateFrame(requester, frame, access, offset) {
      asked.push(`${frame.toString(16)}+${offset}`);
      return hardware.translateFrame(requester, frame, access);
    },
  };
  const bus = new DmaBus({ hardware: chunked, memory });
  expect(bus.dmaWrite(1, 0x1_0fb0n, new Uint8Array(0x90).fill(0x99)).moved).toBe(0x90);
  expect(asked).toEqual(["10+4016", "10+4032", "11+0"]);
  expect(pages.bytes.filter((byte) => byte === 0x99)).toHaveLength(0x90);
  const blocked = bus.dmaWrite(1, 0x1_2f80n, new Uint8Array(0x100));
  expect(blocked).toMatchObject({ moved: 0x80, faults: [{ requester: 1 }] });
});

test("addresses have 64 bits: the last byte is followed by byte 0", () => {
  const { bus, hardware } = world();
  hardware.pages.set(2 ** 52 - 1, hardware.pages.get(0x10) ?? 0);
  hardware.pages.set(0, hardware.pages.get(0x11) ?? 0);
  const into = new Uint8Array(2);
  expect(bus.dmaRead(1, 0xffff_ffff_ffff_ffffn, into).moved).toBe(2);
  expect([...into]).toEqual([0x11, 0x22]);
  expect(() => bus.dmaRead(1, 1n << 64n, into)).toThrow(RangeError);
  expect(() => bus.dmaRead(1, -1n, into)).toThrow(RangeError);
  expect(bus.dmaRead(1, 0n, new Uint8Array(0)).moved).toBe(0);
});
