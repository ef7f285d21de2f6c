import { expect, test } from "vitest";
import { bytes, iova } from "../address/address.ts";
import type { DmaWindow } from "../contract/dma-window.ts";
import { FrameWindows } from "./frame-windows.ts";

function window(start: bigint, last: bigint, more: Partial<DmaWindow> = {}): DmaWindow {
  return {
    kind: "fixed",
    start: iova(start),
    last: iova(last),
    pageSize: 4096,
    hardwarePageSizes: 4096n,
    ...more,
  };
}

test("default: whole in one of several windows, both ends", () => {
  const windows = new FrameWindows([window(0x1000n, 0x4fffn), window(0x8000n, 0x8fffn)]);
  expect(windows.fit(1, 4, 0)).toBe(true);
  expect(windows.fit(8, 1, 0)).toBe(true);
  expect(windows.fit(0, 1, 0)).toBe(false);
  expect(windows.fit(4, 2, 0)).toBe(false);
  expect(windows.fit(1, 8, 0)).toBe(false);
});

test("behavior: whatever window was the last, the answer is the same", () => {
  const windows = new FrameWindows([window(0x1000n, 0x4fffn), window(0x8000n, 0x8fffn)]);
  const fits = (start: number, frames: number): boolean => windows.fit(start, frames, 0);
  for (const [start, frames] of [
    [8, 1],
    [2, 2],
    [8, 1],
  ] as const) {
    expect(fits(start, frames)).toBe(true);
    expect([fits(0, 1), fits(5, 1), fits(8, 2), fits(1, 8)]).toEqual([false, false, false, false]);
  }
});

test("edge: without a window nothing fits", () => {
  const windows = new FrameWindows([]);
  expect([windows.fit(0, 1, 0), windows.fit(1, 1, 0), windows.fit(-1, 1, 0)]).toEqual([
    false,
    false,
    false,
  ]);
});

test("edge: a window may end with the 64-bit space", () => {
  const windows = new FrameWindows([window(1n << 59n, 2n ** 64n - 1n)]);
  expect(windows.fit(2 ** 52 - 1, 1, 0)).toBe(true);
  expect(windows.fit(2 ** 52 - 1, 2, 0)).toBe(false);
  expect(windows.fit(2 ** 47, 1, 0)).toBe(true);
});

test("edge: a first or last byte inside a frame leaves that frame out", () => {
  const windows = new FrameWindows([window(0x1800n, 0x47ffn)]);
  expect(windows.fit(1, 1, 0)).toBe(false);
  expect(windows.fit(2, 2, 0)).toBe(true);
  expect(windows.fit(4, 1, 0)).toBe(false);
});

test("default: start, size and host are whole granules", () => {
  const windows = new FrameWindows([window(0n, 0xff_ffffn, { pageSize: 0x1_0000 })]);
  expect(windows.fit(16, 16, 32)).toBe(true);
  expect(windows.fit(8, 16, 32)).toBe(false);
  expect(windows.fit(16, 8, 32)).toBe(false);
  expect(windows.fit(16, 16, 33)).toBe(false);
});

test("edge: granules above 2^32 frames, whose remainders no 32-bit operation holds", () => {
  const subwindowSize = bytes(2n ** 45n);
  const windows = new FrameWindows([window(0n, 2n ** 50n - 1n, { subwindowSize })]);
  expect(windows.fit(2 ** 33, 2 ** 33, 0)).toBe(true);
  expect(windows.fit(2 ** 33, 2 ** 33, 2 ** 32)).toBe(false);
});
