// Worked layouts, row by row: RAM, host contiguity and MSI banks to window size, count and aperture.

import { bytes, GiB, iova, KiB, MiB } from "@iommukit/core";
import { describe, expect, test } from "vitest";
import { planWindows } from "./plan-windows.ts";
import type { RamRegion, WindowPlanRequest } from "./request.ts";

const G = GiB;
const M = MiB;
const K = KiB;

function ram(...regions: readonly (readonly [size: number, start: number])[]): RamRegion[] {
  return regions.map(([size, start]) => ({ start: iova(start), size: bytes(size) }));
}

interface Row {
  readonly name: string;
  readonly ram: RamRegion[];
  readonly contiguity: number;
  readonly more?: Partial<WindowPlanRequest>;
  /** Window size, windows, first and last IOVA, `window@iova` of each MSI bank. */
  readonly gives?: readonly [number, number, bigint, bigint, ...(readonly [number, bigint][])];
  readonly refused?: "EINVAL" | "ENOSPC";
  /** What the reason and the hint say. */
  readonly says?: RegExp;
  readonly hints?: RegExp;
}

const R512 = ram([512 * M, 0]);
const HOLES: Partial<WindowPlanRequest> = { policy: "holes" };
const ROWS: readonly Row[] = [
  {
    name: "L1",
    ram: R512,
    contiguity: 4 * M,
    gives: [
      4 * M,
      256,
      0n,
      0x3fffffffn,
      [128, 0x20000000n],
      [129, 0x20400000n],
      [130, 0x20800000n],
    ],
  },
  {
    name: "L2",
    ram: R512,
    contiguity: 16 * M,
    gives: [16 * M, 64, 0n, 0x3fffffffn, [32, 0x20000000n], [33, 0x21000000n], [34, 0x22000000n]],
  },
  {
    name: "L3",
    ram: R512,
    contiguity: 64 * M,
    gives: [64 * M, 16, 0n, 0x3fffffffn, [8, 0x20000000n], [9, 0x24000000n], [10, 0x28000000n]],
  },
  {
    name: "L4",
    ram: R512,
    contiguity: 256 * M,
    gives: [256 * M, 8, 0n, 0x7fffffffn, [2, 0x20000000n], [3, 0x30000000n], [4, 0x40000000n]],
  },
  {
    name: "L5",
    ram: R512,
    contiguity: 512 * M,
    gives: [512 * M, 4, 0n, 0x7fffffffn, [1, 0x20000000n], [2, 0x40000000n], [3, 0x60000000n]],
  },
  {
    name: "L6: one bank",
    ram: R512,
    contiguity: 512 * M,
    more: { msiBanks: 1 },
    gives: [512 * M, 2, 0n, 0x3fffffffn, [1, 0x20000000n]],
  },
  {
    name: "L7: no bank",
    ram: R512,
    contiguity: 512 * M,
    more: { msiBanks: 0 },
    gives: [512 * M, 1, 0n, 0x1fffffffn],
  },
  {
    name: "L8",
    ram: R512,
    contiguity: 4 * K,
    refused: "ENOSPC",
    says: /512 MiB of RAM in windows of 4 KiB with 3 MSI banks needs an aperture of 262144 windows, and the hardware has 256/,
    hints: /^back guest RAM with huge pages of 4 MiB$/,
  },
  {
    name: "L10",
    ram: ram([2 * G, 0], [1 * G, 4 * G]),
    contiguity: 256 * M,
    gives: [
      256 * M,
      32,
      0n,
      0x1ffffffffn,
      [20, 0x140000000n],
      [21, 0x150000000n],
      [22, 0x160000000n],
    ],
  },
  {
    name: "L10: four banks",
    ram: ram([2 * G, 0], [1 * G, 4 * G]),
    contiguity: 256 * M,
    more: { msiBanks: 4 },
    gives: [
      256 * M,
      32,
      0n,
      0x1ffffffffn,
      [20, 0x140000000n],
      [21, 0x150000000n],
      [22, 0x160000000n],
      [23, 0x170000000n],
    ],
  },
  {
    name: "L11",
    ram: ram([3 * G, 0], [1 * G, 4 * G]),
    contiguity: 1 * G,
    gives: [1 * G, 8, 0n, 0x1ffffffffn, [5, 0x140000000n], [6, 0x180000000n], [7, 0x1c0000000n]],
  },
  {
    name: "L13",
    ram: ram([256 * M, 0], [256 * M, 512 * M]),
    contiguity: 16 * M,
    gives: [16 * M, 64, 0n, 0x3fffffffn, [48, 0x30000000n], [49, 0x31000000n], [50, 0x32000000n]],
  },
  {
    name: "L13: holes, the same",
    ram: ram([256 * M, 0], [256 * M, 512 * M]),
    contiguity: 16 * M,
    more: HOLES,
    gives: [16 * M, 64, 0n, 0x3fffffffn, [48, 0x30000000n], [49, 0x31000000n], [50, 0x32000000n]],
  },
  {
    name: "L14",
    ram: ram([500 * M, 0]),
    contiguity: 64 * M,
    gives: [
      4 * M,
      128,
      0n,
      0x1fffffffn,
      [125, 0x1f400000n],
      [126, 0x1f800000n],
      [127, 0x1fc00000n],
    ],
  },
  {
    name: "L16",
    ram: ram([448 * M, 0]),
    contiguity: 64 * M,
    gives: [64 * M, 16, 0n, 0x3fffffffn, [7, 0x1c000000n], [8, 0x20000000n], [9, 0x24000000n]],
  },
  {
    name: "L17",
    ram: ram([768 * M, 0]),
    contiguity: 256 * M,
    gives: [256 * M, 8, 0n, 0x7fffffffn, [3, 0x30000000n], [4, 0x40000000n], [5, 0x50000000n]],
  },
  {
    name: "L18",
    ram: ram([1536 * M, 0]),
    contiguity: 256 * M,
    gives: [256 * M, 16, 0n, 0xffffffffn, [6, 0x60000000n], [7, 0x70000000n], [8, 0x80000000n]],
  },
  {
    name: "L20",
    ram: ram([1012 * M, 0]),
    contiguity: 4 * M,
    gives: [
      4 * M,
      256,
      0n,
      0x3fffffffn,
      [253, 0x3f400000n],
      [254, 0x3f800000n],
      [255, 0x3fc00000n],
    ],
  },
  {
    name: "L21: 254 of RAM and 3 are more than 256",
    ram: ram([1016 * M, 0]),
    contiguity: 4 * M,
    refused: "ENOSPC",
    says: /1016 MiB of RAM in windows of 4 MiB with 3 MSI banks needs an aperture of 512 windows/,
    hints: /^back guest RAM with huge pages of 8 MiB; or use no more than 2 MSI banks$/,
  },
  {
    name: "L22",
    ram: ram([1 * G, 0]),
    contiguity: 4 * M,
    refused: "ENOSPC",
    says: /needs an aperture of 512 windows, and the hardware has 256/,
    hints: /^back guest RAM with huge pages of 8 MiB; or use no MSI bank$/,
  },
  {
    name: "L22: no bank",
    ram: ram([1 * G, 0]),
    contiguity: 4 * M,
    more: { msiBanks: 0 },
    gives: [4 * M, 256, 0n, 0x3fffffffn],
  },
  {
    name: "L23",
    ram: ram([1 * G, 0]),
    contiguity: 16 * M,
    gives: [16 * M, 128, 0n, 0x7fffffffn, [64, 0x40000000n], [65, 0x41000000n], [66, 0x42000000n]],
  },
  {
    name: "L24",
    ram: ram([1 * G, 2 * G]),
    contiguity: 256 * M,
    gives: [
      256 * M,
      8,
      0x80000000n,
      0xffffffffn,
      [4, 0xc0000000n],
      [5, 0xd0000000n],
      [6, 0xe0000000n],
    ],
  },
  {
    name: "L26: holes",
    ram: ram([1 * G, 1 * G]),
    contiguity: 256 * M,
    more: HOLES,
    gives: [256 * M, 8, 0n, 0x7fffffffn, [0, 0n], [1, 0x10000000n], [2, 0x20000000n]],
  },
  {
    name: "L28: 16 windows, as revision 1 has",
    ram: R512,
    contiguity: 16 * M,
    more: { maxWindows: 16 },
    refused: "ENOSPC",
    hints: /huge pages of 64 MiB/,
  },
  {
    name: "L28: larger pages, as L3",
    ram: R512,
    contiguity: 64 * M,
    more: { maxWindows: 16 },
    gives: [64 * M, 16, 0n, 0x3fffffffn, [8, 0x20000000n], [9, 0x24000000n], [10, 0x28000000n]],
  },
  {
    name: "L29",
    ram: ram([60 * G, 0]),
    contiguity: 1 * G,
    gives: [
      1 * G,
      64,
      0n,
      0xfffffffffn,
      [60, 0xf00000000n],
      [61, 0xf40000000n],
      [62, 0xf80000000n],
    ],
  },
  {
    name: "L31",
    ram: ram([512 * M + 2 * K, 0]),
    contiguity: 4 * M,
    refused: "EINVAL",
    says: /RAM is a multiple of 2 KiB only, and the smallest window is 4 KiB/,
    hints: /multiple of 4 KiB, better of 4 MiB/,
  },
  {
    name: "L33: nothing above 64 GiB",
    ram: ram([1 * G, 63 * G]),
    contiguity: 1 * G,
    more: { msiBanks: 1 },
    refused: "ENOSPC",
    says: /1 MSI bank does not fit beside 1 GiB of RAM below 64 GiB/,
    hints: /policy holes; or use no MSI bank$/,
  },
  {
    name: "L33: holes",
    ram: ram([1 * G, 63 * G]),
    contiguity: 1 * G,
    more: { msiBanks: 1, policy: "holes" },
    gives: [1 * G, 2, 0xf80000000n, 0xfffffffffn, [0, 0xf80000000n]],
  },
];

function answer(row: Row): ReturnType<typeof planWindows> {
  return planWindows({
    ram: row.ram,
    contiguity: bytes(row.contiguity),
    msiBanks: 3,
    ...row.more,
  });
}

describe("worked layouts", () => {
  test.each(ROWS.filter((row) => row.gives !== undefined))("$name", (row) => {
    const [windowSize, windows, start, last, ...msi] = row.gives ?? [];
    expect(answer(row)).toEqual({
      kind: "plan",
      windowSize: BigInt(windowSize ?? 0),
      windows,
      start,
      last,
      ram: row.ram,
      msi: msi.map(([window, at], bank) => ({ bank, window, iova: at })),
    });
  });

  test.each(ROWS.filter((row) => row.refused !== undefined))("$name: refused", (row) => {
    const refusal = answer(row);
    expect(refusal).toMatchObject({ kind: "refused", code: row.refused });
    if (refusal.kind !== "refused") throw new Error("a plan");
    expect(refusal.reason).toMatch(row.says ?? /./);
    expect(refusal.hint).toMatch(row.hints ?? /./);
  });
});

describe("error: requests that are none", () => {
  const GOOD: WindowPlanRequest = { ram: R512, contiguity: bytes(4 * M), msiBanks: 3 };
  test.each<[string, Partial<WindowPlanRequest>, RegExp]>([
    ["a contiguity of 6 MiB", { contiguity: bytes(6 * M) }, /6 MiB is not a power of two/],
    ["a contiguity of nothing", { contiguity: bytes(0) }, /0 bytes is not a power of two/],
    ["no RAM", { ram: [] }, /no guest RAM/],
    ["RAM without bytes", { ram: ram([0, 0]) }, /has no bytes/],
    ["RAM twice", { ram: ram([4 * M, 0], [4 * M, 0]) }, /overlap/],
    ["RAM over RAM", { ram: ram([4 * M, 4 * M], [8 * M, 0]) }, /overlap/],
    ["windows: none", { maxWindows: 0 }, /0 windows are none/],
    ["windows: 3", { maxWindows: 3 }, /3 windows are not a power of two/],
    ["windows: too many", { maxWindows: 131_072 }, /131072 windows are none/],
    ["windows: half", { maxWindows: 0.5 }, /none that a PAMU has/],
    ["banks: -1", { msiBanks: -1 }, /-1 is no number of MSI banks/],
    ["banks: half", { msiBanks: 1.5 }, /no number of MSI banks/],
  ])("%s", (_, change, reason) => {
    expect(planWindows({ ...GOOD, ...change })).toMatchObject({
      code: "EINVAL",
      reason: expect.stringMatching(reason),
    });
  });

  test("a policy that is none", () => {
    const request = { ...GOOD, policy: "before" };
    expect(Reflect.apply(planWindows, undefined, [request])).toMatchObject({ code: "EINVAL" });
  });
});

describe("behavior: what would help", () => {
  test("RAM of odd size shrinks the windows: rounding it up is named", () => {
    const refusal = planWindows({
      ram: ram([512 * M + 4 * K, 0]),
      contiguity: bytes(4 * M),
      msiBanks: 3,
    });
    expect(refusal).toMatchObject({
      code: "ENOSPC",
      hint: "round each RAM region up to a multiple of 4 MiB",
    });
  });

  test("RAM beyond every aperture", () => {
    expect(
      planWindows({ ram: ram([1 * G, 64 * G]), contiguity: bytes(1 * G), msiBanks: 0 }),
    ).toMatchObject({
      code: "ENOSPC",
      reason: "RAM ends at 0x10_4000_0000, and apertures end at 64 GiB",
      hint: "less guest RAM, at lower addresses",
    });
  });

  test("host pages below 4 KiB", () => {
    expect(planWindows({ ram: R512, contiguity: bytes(2 * K), msiBanks: 0 })).toMatchObject({
      code: "EINVAL",
      reason: expect.stringContaining("contiguous in pieces of 2 KiB"),
    });
  });

  test("regions in any order give the same plan", () => {
    const [low, high] = [ram([2 * G, 0]), ram([1 * G, 4 * G])];
    const request = { contiguity: bytes(256 * M), msiBanks: 3 };
    expect(planWindows({ ...request, ram: [...high, ...low] })).toEqual(
      planWindows({ ...request, ram: [...low, ...high] }),
    );
  });
});
