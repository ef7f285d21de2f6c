import { describe, expect, test } from "vitest";
import { PhysicalMemory } from "../../memory/physical-memory.ts";
import * as opal from "./opal.ts";
import { Phb } from "./phb.ts";

const PE = 9;

function firmware(model: "phb3" | "phb4" = "phb4") {
  const memory = new PhysicalMemory();
  const phb = new Phb({ memory, model, faultModel: "freeze" });
  return { memory, phb, opal: new opal.Opal(phb, memory) };
}

const WINDOW = {
  pe: PE,
  window: 2 * PE,
  levels: 1,
  tableFrame: 0x1000,
  tableBytes: 4096,
  pageShift: 12,
};

describe("opal_pci_map_pe_dma_window", () => {
  test.each([
    ["a window of another PE", { window: 2 * PE + 2 }],
    ["a page size of POWER8", { pageShift: 24 }],
    ["no level", { levels: 0 }],
    ["six levels", { levels: 6 }],
    ["a table that is no power of two", { tableBytes: 12_288 }],
    ["a table below 4 KiB", { tableBytes: 2048 }],
  ])("error: %s", (_, change) => {
    expect(firmware().opal.mapPeDmaWindow({ ...WINDOW, ...change })).toBe(opal.OPAL_PARAMETER);
  });

  test("each bridge has its page sizes", () => {
    const ask = (model: "phb3" | "phb4", pageShift: number): number =>
      firmware(model).opal.mapPeDmaWindow({ ...WINDOW, pageShift });
    expect([12, 16, 21, 24, 28, 30].map((shift) => ask("phb3", shift))).toEqual([
      0, 0, -1, 0, 0, -1,
    ]);
    expect([12, 16, 21, 24, 28, 30].map((shift) => ask("phb4", shift))).toEqual([
      0, 0, 0, -1, -1, 0,
    ]);
  });

  test("bypass comes in blocks of 16 MiB", () => {
    const { opal: calls } = firmware();
    expect(calls.mapPeDmaWindowReal(PE, 2 * PE + 1, (1n << 24n) + 4096n)).toBe(opal.OPAL_PARAMETER);
    expect(calls.mapPeDmaWindowReal(PE, 2 * PE + 1, 1n << 24n)).toBe(0);
  });
});

test("freeze: states as the call answers them, and each half thaws by itself", () => {
  const { opal: calls, phb } = firmware();
  calls.setPe(PE, 0x100);
  expect(calls.freezeStatus(PE)).toBe(opal.NOT_FROZEN);
  phb.translateFrame(0x100, 0, "read");
  expect(calls.freezeStatus(PE)).toBe(opal.MMIO_DMA_FREEZE);
  calls.freezeClear(PE, opal.MMIO_FREEZE);
  expect(calls.freezeStatus(PE)).toBe(opal.DMA_FREEZE);
  calls.freezeClear(PE, opal.DMA_FREEZE);
  expect(calls.freezeStatus(PE)).toBe(opal.NOT_FROZEN);
});

test("error injection: 32-bit only, and it freezes the PE", () => {
  const { opal: calls } = firmware();
  expect(calls.injectError(PE, 1, 0)).toBe(opal.OPAL_HARDWARE);
  expect(calls.injectError(PE, 0, 4)).toBe(opal.OPAL_SUCCESS);
  expect(calls.freezeStatus(PE)).toBe(opal.MMIO_DMA_FREEZE);
});
