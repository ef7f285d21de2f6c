// The checker of layouts, against the layouts that QEMU's VMM of the SDK makes.

import { bytes, GiB, iova, KiB, MiB } from "@iommukit/core";
import { describe, expect, test } from "vitest";
import { type Layout, layoutConflicts } from "./conflicts.ts";
import { planWindows } from "./plan-windows.ts";
import type { MsiPlacement } from "./request.ts";

interface SdkLayout {
  readonly windows: number;
  readonly layout: Layout;
}

/**
 * What the SDK's VMM does: `floor(ram / page) + banks` windows, rounded up to a power of two, the aperture
 * at 0, bank i at `ram + i * page`; the kernel rounds that down to a window.
 */
function sdkLayout(ram: number, page: number, banks = 3): SdkLayout {
  const needed = Math.floor(ram / page) + banks;
  const windows = 2 ** Math.ceil(Math.log2(needed));
  const msi = Array.from({ length: banks }, (_, bank): MsiPlacement => {
    const at = ram + bank * page;
    return { bank, window: Math.floor(at / page), iova: iova(at) };
  });
  const region = { start: iova(0), size: bytes(ram) };
  return {
    windows,
    layout: { windowSize: bytes(page), windows, start: iova(0), ram: [region], msi },
  };
}

describe("the SDK's formula", () => {
  test.each([
    [512, 4, 256],
    [512, 16, 64],
    [1012, 4, 256],
  ])(
    "%i MiB in %i MiB pages: %i windows, nothing is wrong, the plan is the same",
    (ram, page, windows) => {
      const sdk = sdkLayout(ram * MiB, page * MiB);
      expect(sdk.windows).toBe(windows);
      expect(layoutConflicts(sdk.layout)).toEqual([]);
      const plan = planWindows({
        ram: sdk.layout.ram,
        contiguity: bytes(page * MiB),
        msiBanks: 3,
      });
      expect(plan).toMatchObject(sdk.layout);
    },
  );

  test.each([
    [512 * MiB, 4 * KiB, 262_144],
    [1016 * MiB, 4 * MiB, 512],
  ])("%i bytes in pages of %i: %i windows, more than there are", (ram, page, windows) => {
    expect(sdkLayout(ram, page).windows).toBe(windows);
    expect(
      planWindows({
        ram: [{ start: iova(0), size: bytes(ram) }],
        contiguity: bytes(page),
        msiBanks: 3,
      }),
    ).toMatchObject({ code: "ENOSPC" });
  });

  test("500 MiB in 64 MiB pages: the first MSI window holds the last 52 MiB of RAM", () => {
    const { windows, layout } = sdkLayout(500 * MiB, 64 * MiB);
    expect(windows).toBe(16);
    expect(layout.msi.map(({ window, iova: at }) => [window, at])).toEqual([
      [7, 0x1f40_0000n],
      [8, 0x2340_0000n],
      [9, 0x2740_0000n],
    ]);
    expect(layoutConflicts(layout)).toEqual([
      "RAM 0x0..0x1f3f_ffff (500 MiB) is not made of whole windows of 64 MiB",
      "MSI bank 0 at 0x1f40_0000 is not the start of a window",
      "MSI bank 0 at 0x1f40_0000 is in window 7, which holds RAM",
      "MSI bank 1 at 0x2340_0000 is not the start of a window",
      "MSI bank 2 at 0x2740_0000 is not the start of a window",
    ]);
    const plan = planWindows({ ram: layout.ram, contiguity: bytes(64 * MiB), msiBanks: 3 });
    if (plan.kind === "refused") throw new Error(plan.reason);
    expect(plan.windowSize).toBe(bytes(4 * MiB));
    expect(layoutConflicts(plan)).toEqual([]);
  });
});

describe("error: each thing that can be wrong", () => {
  const GOOD: Layout = {
    windowSize: bytes(4 * MiB),
    windows: 256,
    start: iova(0),
    ram: [{ start: iova(0), size: bytes(512 * MiB) }],
    msi: [
      { bank: 0, window: 128, iova: iova(512 * MiB) },
      { bank: 1, window: 129, iova: iova(516 * MiB) },
    ],
  };
  const bank = (placement: Partial<MsiPlacement>): MsiPlacement => ({
    bank: 0,
    window: 128,
    iova: iova(512 * MiB),
    ...placement,
  });

  test("default: nothing", () => {
    expect(layoutConflicts(GOOD)).toEqual([]);
  });

  test.each<[string, Partial<Layout>, RegExp]>([
    ["6 MiB windows", { windowSize: bytes(6 * MiB) }, /6 MiB is not a power of two/],
    ["2 KiB windows", { windowSize: bytes(2 * KiB) }, /at least 4 KiB/],
    ["3 windows", { windows: 3 }, /3 windows are not a power of two/],
    ["half a window", { windows: 0.5 }, /0.5 windows are not/],
    ["no windows", { windows: 0 }, /0 windows are not/],
    ["an odd start", { start: iova(512 * MiB) }, /not a multiple of its 1 GiB/],
    ["an end beyond 64 GiB", { start: iova(64 * GiB) }, /beyond 64 GiB/],
    [
      "RAM behind the aperture",
      { ram: [{ start: iova(1 * GiB), size: bytes(4 * MiB) }] },
      /RAM 0x4000_0000.* is not inside the aperture/,
    ],
    [
      "RAM twice",
      { ram: [...GOOD.ram, { start: iova(508 * MiB), size: bytes(4 * MiB) }] },
      /overlap/,
    ],
    ["a bank behind the aperture", { msi: [bank({ iova: iova(1 * GiB) })] }, /not inside/],
    ["a bank with another window", { msi: [bank({ window: 129 })] }, /window 128, not 129/],
    ["a bank in RAM", { msi: [bank({ window: 0, iova: iova(0) })] }, /window 0, which holds RAM/],
    ["two banks in one window", { msi: [bank({}), bank({ bank: 1 })] }, /both in window 128/],
    [
      "one bank twice",
      { msi: [bank({}), bank({ window: 129, iova: iova(516 * MiB) })] },
      /bank 0 is placed twice/,
    ],
  ])("%s", (_, change, sentence) => {
    expect(layoutConflicts({ ...GOOD, ...change })).toEqual([expect.stringMatching(sentence)]);
  });

  test("a bank below the aperture", () => {
    const layout = { ...GOOD, start: iova(1 * GiB), ram: [] };
    expect(layoutConflicts(layout)).toHaveLength(2);
  });
});
