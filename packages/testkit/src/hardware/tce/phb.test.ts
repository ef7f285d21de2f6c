// One test for each step of an access through a PHB, and one for each fault; tables by hand.

import { describe, expect, test } from "vitest";
import { BLOCKED, INTERRUPT_MESSAGE } from "../iommu-hardware.ts";
import { HandBuiltPhb } from "./hand-built.ts";

const RID = 0x0108;
const PE = 5;
const WINDOW_1 = 2 ** 47;
const FRAME = 0x12_3456;
const TCE_RW = (BigInt(FRAME) << 12n) | 3n;

/** A PE with one level of 512 pages of 4 KiB in window 0. */
function flat(options: ConstructorParameters<typeof HandBuiltPhb>[0] = {}) {
  const built = new HandBuiltPhb(options);
  const table = built.table(9);
  built.assign(RID, PE);
  built.window(2 * PE, table, 1, 9, 12);
  const reads = (frame: number): number => built.phb.translateFrame(RID, frame, "read");
  const writes = (frame: number): number => built.phb.translateFrame(RID, frame, "write");
  const reasons = (): string[] => built.phb.takeFaults().map(({ reason }) => reason);
  return { ...built, built, table, reads, writes, reasons, phb: built.phb };
}

describe("the way of an access", () => {
  test("a requester's PE comes from the RTT in memory, and is kept until RTC_INVALIDATE", () => {
    const { built, table, reads } = flat();
    built.put(table, 3, TCE_RW);
    expect(reads(3)).toBe(FRAME);
    built.memory.write(
      Number((built.phb.registers.read(0x168, 8) & 0xffff_ffff_ffffn) >> 12n),
      2 * RID,
      Uint8Array.of(0, 6),
    );
    expect(reads(3)).toBe(FRAME);
    built.write(0x208, 0n);
    expect(reads(3)).toBe(BLOCKED);
  });

  test("TCEs are big-endian: the address's last byte is the sixth of the entry", () => {
    const { built, table, reads } = flat();
    built.memory.write(table, 8, Uint8Array.of(0, 0, 0, 0x01, 0x23, 0x45, 0x60, 0x03));
    expect(reads(1)).toBe(FRAME);
  });

  test.each([1, 2, 3, 4, 5])("%d levels: each takes its bits of the address", (levels) => {
    const built = new HandBuiltPhb();
    built.assign(RID, PE);
    const indexes = [7, 300, 511, 1, 42].slice(0, levels);
    let table = built.table(9);
    built.window(2 * PE + 1, table, levels, 9, 12);
    for (const index of indexes.slice(0, -1)) {
      const next = built.table(9);
      built.put(table, index, (BigInt(next) << 12n) | 3n);
      table = next;
    }
    built.put(table, indexes.at(-1) ?? 0, TCE_RW);
    const frame = indexes.reduce((sum, index) => sum * 512 + index, 0);
    expect(built.phb.translateFrame(RID, WINDOW_1 + frame, "write")).toBe(FRAME);
    expect(built.phb.translateFrame(RID, WINDOW_1 + frame + 1, "write")).toBe(BLOCKED);
  });

  test.each([
    [16, 4],
    [21, 9],
    [30, 18],
  ])("pages of 2^%d bytes: address bits below them are the bus address's", (shift, order) => {
    const built = new HandBuiltPhb();
    built.assign(RID, PE);
    const table = built.table(9);
    built.window(2 * PE, table, 1, 9, shift);
    const page = 2 ** 20;
    built.put(table, 2, (BigInt(page) << 12n) | 0x7000n | 3n);
    const within = 2 ** order - 1;
    expect(built.phb.translateFrame(RID, 2 * 2 ** order + within, "read")).toBe(page + within);
  });

  test("bit 59 chooses the second window", () => {
    const { built, table, reads } = flat();
    built.put(table, 3, TCE_RW);
    expect(reads(WINDOW_1 + 3)).toBe(BLOCKED);
    built.window(2 * PE + 1, table, 1, 9, 12);
    expect(reads(WINDOW_1 + 3)).toBe(FRAME);
  });

  test("bypass: real addresses between the bounds, and nothing beyond", () => {
    const { built, reads, reasons } = flat();
    built.putTve(2 * PE + 1, (3n << 16n) | (1n << 8n)); // 16 MiB blocks 0 to 3
    expect([reads(WINDOW_1), reads(WINDOW_1 + 4 * 4096 - 1)]).toEqual([0, 4 * 4096 - 1]);
    expect(reads(WINDOW_1 + 4 * 4096)).toBe(BLOCKED);
    expect(reasons()).toEqual(["address outside the windows of the PE"]);
  });

  test("messages: the 32-bit port, and bits 63:60 equal to 1", () => {
    const { built, table, writes } = flat();
    built.window(2 * PE, built.table(9), 3, 9, 12);
    built.put(table, 0, TCE_RW);
    expect([writes(0xffff0), writes(0xfffff), writes(2 ** 48)]).toEqual([
      INTERRUPT_MESSAGE,
      INTERRUPT_MESSAGE,
      INTERRUPT_MESSAGE,
    ]);
    expect(writes(0xfffef)).toBe(BLOCKED);
  });
});

describe("refusals", () => {
  test("a window that is not there", () => {
    const { built, reads, reasons } = flat();
    built.putTve(2 * PE, 0n);
    expect(reads(0)).toBe(BLOCKED);
    expect(reasons()).toEqual(["no TVE for this window"]);
  });

  test("a requester that belongs to another PE", () => {
    const { built, table, reasons } = flat();
    built.put(table, 0, TCE_RW);
    built.assign(0x0110, 6);
    expect(built.phb.translateFrame(0x0110, 0, "read")).toBe(BLOCKED);
    expect(reasons()).toEqual(["no TVE for this window"]);
  });

  test("bits 63:60 that are neither DMA nor a message", () => {
    const { reads, reasons } = flat();
    expect(reads(2 ** 49)).toBe(BLOCKED);
    expect(reasons()).toEqual(["address outside the windows of the PE"]);
  });

  test("beyond the end of a table", () => {
    const { built, table, reads, reasons } = flat();
    built.put(table, 0, TCE_RW);
    expect(reads(512)).toBe(BLOCKED);
    expect(reasons()).toEqual(["address outside the windows of the PE"]);
  });

  test("an empty TCE, and an empty entry of an upper table", () => {
    const { built, reads, reasons } = flat();
    expect(reads(9)).toBe(BLOCKED);
    built.window(2 * PE, built.table(9), 2, 9, 12);
    expect(reads(9)).toBe(BLOCKED);
    expect(reasons()).toEqual(["TCE page fault", "TCE page fault"]);
  });

  test("read and write permission", () => {
    const { built, table, reads, writes, reasons } = flat();
    built.put(table, 1, (BigInt(FRAME) << 12n) | 1n);
    built.put(table, 2, (BigInt(FRAME) << 12n) | 2n);
    expect([reads(1), writes(1), reads(2), writes(2)]).toEqual([FRAME, BLOCKED, BLOCKED, FRAME]);
    expect(reasons()).toEqual(["TCE access fault", "TCE access fault"]);
  });

  test("a table that was freed reads as what nobody wrote", () => {
    const { built, table, reads } = flat();
    built.put(table, 0, TCE_RW);
    built.memory.chunks.free(table);
    expect(reads(0)).not.toBe(FRAME);
    expect(built.memory.takeStrayAccesses()[0]).toMatchObject({ kind: "freed", frame: table });
  });
});

describe("the TCE cache", () => {
  test("a cleared TCE is used until it is killed, by page or by PE", () => {
    const { built, table, reads } = flat();
    built.put(table, 1, TCE_RW);
    built.put(table, 2, TCE_RW);
    expect([reads(1), reads(2)]).toEqual([FRAME, FRAME]);
    built.put(table, 1, 0n);
    built.put(table, 2, 0n);
    expect([reads(1), reads(2)]).toEqual([FRAME, FRAME]);
    built.killPage(PE, 0x1000n);
    expect([reads(1), reads(2)]).toEqual([BLOCKED, FRAME]);
    built.killPe(PE + 1);
    expect(reads(2)).toBe(FRAME);
    built.killPe(PE);
    expect(reads(2)).toBe(BLOCKED);
  });

  test("a kill in the second window leaves the first alone", () => {
    const { built, table, reads } = flat();
    built.window(2 * PE + 1, table, 1, 9, 12);
    for (const index of [1, 2]) built.put(table, index, TCE_RW);
    expect([reads(1), reads(WINDOW_1 + 2)]).toEqual([FRAME, FRAME]);
    for (const index of [1, 2]) built.put(table, index, 0n);
    built.killPage(PE, 0x2000n);
    expect([reads(1), reads(WINDOW_1 + 2)]).toEqual([FRAME, FRAME]);
    built.killPage(PE, (1n << 59n) | 0x2000n);
    expect([reads(1), reads(WINDOW_1 + 2)]).toEqual([FRAME, BLOCKED]);
  });
});

describe("fault models", () => {
  test("freeze: the first fault stops the PE for DMA and MMIO, and says why", () => {
    const { built, table, reads, writes, reasons, phb } = flat({ faultModel: "freeze" });
    built.put(table, 1, TCE_RW);
    expect(reads(1)).toBe(FRAME);
    expect(phb.mmioStopped(RID)).toBe(false);
    expect(writes(2)).toBe(BLOCKED);
    expect([reads(1), phb.mmioStopped(RID)]).toEqual([BLOCKED, true]);
    expect(reasons()).toEqual(["TCE page fault"]);
    expect(phb.lastFault?.reason).toBe("DMA of this PE is stopped");
    built.write(0x220, (7n << 48n) | BigInt(PE));
    const pesta = built.phb.registers.read(0x228, 8);
    expect(pesta).toBe((1n << 63n) | (1n << 45n) | BigInt(RID));
    built.write(0x228, 0n);
    expect([reads(1), phb.mmioStopped(RID)]).toEqual([BLOCKED, false]);
    built.write(0x220, (8n << 48n) | BigInt(PE));
    built.write(0x228, 0n);
    expect(reads(1)).toBe(FRAME);
  });

  test("freeze: other PEs go on", () => {
    const { built, table, reads, phb } = flat({ faultModel: "freeze" });
    built.put(table, 1, TCE_RW);
    built.assign(0x0110, 6);
    built.window(12, table, 1, 9, 12);
    expect(phb.translateFrame(0x0110, 7, "read")).toBe(BLOCKED);
    expect(reads(1)).toBe(FRAME);
  });

  test("qemu: nothing ever stops, and addresses wrap round at every level", () => {
    const { built, table, reads, phb } = flat({ faultModel: "qemu" });
    built.put(table, 1, TCE_RW);
    expect([reads(2), reads(1), reads(513)]).toEqual([BLOCKED, FRAME, FRAME]);
    expect(phb.mmioStopped(RID)).toBe(false);
    built.put(table, 1, 0n);
    built.killPage(PE, 0x1000n);
    expect(reads(513)).toBe(BLOCKED);
  });
});
