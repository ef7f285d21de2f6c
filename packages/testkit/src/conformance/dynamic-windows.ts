// Windows that are made: used at both ends, refused where they cannot be, removed whole.

import {
  bytes,
  type Container,
  type DmaWindow,
  type ErrorCode,
  GiB,
  iova,
  KiB,
} from "@iommukit/core";
import { EDU_PIECE_BYTES } from "../drivers/edu-driver.ts";
import type { ConformanceCase } from "./case.ts";
import { differingBytes, expectCode, expectEqual, expectThat } from "./expect.ts";
import type { World } from "./world.ts";

/** Tables that are made in the kernel go with memory that is registered there. */
const CLAIMS = "memory-registration";

export const DYNAMIC_WINDOW_CASES: readonly ConformanceCase[] = [
  { name: "dynamic windows: made, used at both ends, removed", claims: CLAIMS, run: wholeLife },
  { name: "dynamic windows: a second beside the default one", claims: CLAIMS, run: second },
  { name: "dynamic windows: what cannot be is refused without a call", claims: CLAIMS, run: bad },
  { name: "dynamic windows: a third is refused", claims: CLAIMS, run: third },
  { name: "dynamic windows: removed whole, as listed, and empty", claims: CLAIMS, run: removal },
];

const PAGE = 4 * KiB;

function firstOf(container: Container): DmaWindow {
  const [window] = container.windows.list();
  expectThat(window !== undefined, "there is a window");
  return window;
}

function wholeLife(world: World): void {
  const { container, edu } = world.bench();
  const memory = world.registered(container, 2 * PAGE);
  container.windows.remove(firstOf(container));
  expectEqual(container.windows.list().length, 0, "windows after the removal");
  const at = iova(0x10_0000);
  const map = (): void => container.dma.map(at, memory.address, bytes(PAGE), "read-write");
  expectCode("outside-window", map, "a map without a window");
  const window = container.windows.create({ pageSize: PAGE, size: bytes(GiB) });
  expectEqual(container.windows.list()[0], window, "the window listed");
  const last = iova(window.last + 1n - BigInt(PAGE));
  for (const where of [window.start, last])
    container.dma.map(where, memory.address, bytes(PAGE), "read-write");
  edu.copyFromHost(window.start, EDU_PIECE_BYTES);
  edu.copyToHost(iova(last + 2048n), EDU_PIECE_BYTES);
  const [low, high] = [memory.bytes.subarray(0, 2048), memory.bytes.subarray(2048, 4096)];
  expectEqual(differingBytes(low, high), 0, "bytes that differ after the copy");
  container.dma.unmapAll();
  container.windows.remove(window);
  expectEqual(container.windows.list().length, 0, "windows at the end");
}

function second(world: World): void {
  const { container, edu } = world.bench();
  const memory = world.registered(container, 2 * PAGE);
  const first = firstOf(container);
  const window = container.windows.create({ pageSize: PAGE, size: bytes(2 * GiB) });
  expectEqual(container.windows.list().length, 2, "windows");
  expectThat(window.start > first.last, "it begins behind the default one");
  container.dma.map(first.start, memory.address, bytes(PAGE), "read");
  container.dma.map(window.start, memory.address, bytes(PAGE), "read-write");
  edu.copyFromHost(first.start, EDU_PIECE_BYTES);
  edu.copyToHost(iova(window.start + 2048n), EDU_PIECE_BYTES);
  const [low, high] = [memory.bytes.subarray(0, 2048), memory.bytes.subarray(2048, 4096)];
  expectEqual(differingBytes(low, high), 0, "bytes that differ after the copy");
}

const GOOD = { pageSize: PAGE, size: BigInt(GiB) };

/** Every one is wrong in one thing. */
const BAD: readonly (readonly [ErrorCode, string, object])[] = [
  ["not-offered", "a page size that is not offered", { ...GOOD, pageSize: 8 * KiB }],
  ["not-offered", "pages of a gigabyte and a half", { ...GOOD, pageSize: 2 ** 40 }],
  ["invalid-argument", "a page that is no power of two", { ...GOOD, pageSize: 4095 }],
  ["invalid-argument", "a page of no bytes", { ...GOOD, pageSize: 0 }],
  ["invalid-argument", "a page that is a text", { ...GOOD, pageSize: "4096" }],
  ["invalid-argument", "a size that is no power of two", { ...GOOD, size: 3n * BigInt(GiB) }],
  ["misaligned", "a size that is not whole pages", { ...GOOD, size: 6144n }],
  ["zero-size", "no size", { ...GOOD, size: 0n }],
  ["invalid-address", "a size that is a number", { ...GOOD, size: GiB }],
  ["not-offered", "a size beyond every address", { ...GOOD, size: 1n << 63n }],
  ["invalid-argument", "no levels", { ...GOOD, levels: 0 }],
  ["invalid-argument", "one level and a half", { ...GOOD, levels: 1.5 }],
  ["not-offered", "six levels", { ...GOOD, levels: 6 }],
  ["no-iova-space", "a start that no kernel gives", { ...GOOD, start: 0x4000n }],
  ["invalid-address", "a start that is negative", { ...GOOD, start: -1n }],
  ["invalid-argument", "a member that does not exist", { ...GOOD, shift: 12 }],
];

function bad(world: World): void {
  const container = world.open();
  const before = container.windows.list();
  for (const [code, what, request] of BAD) {
    const create = (): unknown => Reflect.apply(container.windows.create, undefined, [request]);
    expectCode(code, create, what);
    expectEqual(world.callsDuring(create), 0, `calls made for ${what}`);
  }
  expectCode(
    "invalid-argument",
    () => Reflect.apply(container.windows.create, undefined, []),
    "none",
  );
  expectEqual(container.windows.list(), before, "the list of windows");
}

function third(world: World): void {
  const container = world.open();
  container.windows.create({ pageSize: PAGE, size: bytes(2 * GiB) });
  const create = (): unknown => container.windows.create({ pageSize: PAGE, size: bytes(GiB) });
  expectCode("no-iova-space", create, "a third window");
  expectEqual(world.callsDuring(create), 0, "calls made");
  expectEqual(container.windows.list().length, 2, "windows");
}

function removal(world: World): void {
  const container = world.open();
  const memory = world.registered(container, PAGE);
  const window = firstOf(container);
  container.dma.map(iova(window.start + 0x10_0000n), memory.address, bytes(PAGE), "read");
  expectCode("memory-in-use", () => container.windows.remove(window), "a window in use");
  const others: readonly (readonly [string, object])[] = [
    ["another start", { ...window, start: iova(window.start + BigInt(PAGE)) }],
    ["another end", { ...window, last: iova(window.last - BigInt(PAGE)) }],
    ["no window", {}],
  ];
  for (const [what, other] of others) {
    const remove = (): unknown => Reflect.apply(container.windows.remove, undefined, [other]);
    expectCode("invalid-argument", remove, what);
    expectEqual(world.callsDuring(remove), 0, `calls made for ${what}`);
  }
  container.dma.unmapAll();
  container.windows.remove(window);
  expectCode("invalid-argument", () => container.windows.remove(window), "a window that is gone");
}
