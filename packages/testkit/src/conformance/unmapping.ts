// What a device no longer reaches after unmap, and what unmap refuses.

import { bytes, type ErrorCode, iova } from "@iommukit/core";
import { EDU_PIECE_BYTES } from "../drivers/edu-driver.ts";
import type { ConformanceCase } from "./case.ts";
import { differingBytes, expectCode, expectEqual, expectThat } from "./expect.ts";
import { firstIova, pageOf } from "./places.ts";
import type { World } from "./world.ts";

export const UNMAPPING_CASES: readonly ConformanceCase[] = [
  { name: "unmapping: the device reaches nothing after unmap returned", run: final },
  { name: "unmapping: the same range can be mapped to other memory", run: again },
  { name: "unmapping: a cut, a hole and a bad range are refused without a call", run: refusals },
  { name: "unmapping: one call removes several mappings and the holes between", run: several },
  { name: "unmapping: unmapAll removes everything and says how much", run: everything },
];

function final(world: World): void {
  const { container, edu } = world.bench();
  const page = pageOf(container);
  const memory = world.registered(container, page);
  const at = firstIova(container);
  container.dma.map(at, memory.address, bytes(page), "read-write");
  // A transfer first, so that the IOMMU may hold the translation in its cache.
  edu.copyFromHost(at, EDU_PIECE_BYTES);
  container.dma.unmap(at, bytes(page));
  memory.bytes.fill(0);
  edu.copyToHost(at, EDU_PIECE_BYTES);
  expectEqual(memory.bytes.filter((byte) => byte !== 0).length, 0, "bytes written after unmap");
  expectEqual(container.dma.mappings().length, 0, "live mappings");
}

function again(world: World): void {
  const { container, edu } = world.bench();
  const page = pageOf(container);
  const first = world.registered(container, page, 1);
  const second = world.registered(container, page, 2);
  const at = firstIova(container);
  container.dma.map(at, first.address, bytes(page), "read-write");
  edu.copyFromHost(at, EDU_PIECE_BYTES);
  container.dma.unmap(at, bytes(page));
  container.dma.map(at, second.address, bytes(page), "read-write");
  const before = first.bytes.slice();
  edu.copyToHost(at, EDU_PIECE_BYTES);
  expectEqual(differingBytes(before, first.bytes), 0, "bytes changed in the memory of before");
  const half = first.bytes.subarray(0, EDU_PIECE_BYTES);
  const reached = second.bytes.subarray(0, EDU_PIECE_BYTES);
  expectEqual(differingBytes(half, reached), 0, "bytes that differ in the new memory");
}

function refusals(world: World): void {
  const container = world.open();
  const page = pageOf(container);
  const memory = world.registered(container, 4 * page);
  const at = firstIova(container);
  const size = BigInt(page);
  container.dma.map(at, memory.address, bytes(4 * page), "read-write");
  const table: readonly [ErrorCode, bigint, bigint][] = [
    ["splits-mapping", at, size],
    ["splits-mapping", at + size, size],
    ["splits-mapping", at + 2n * size, 4n * size],
    ["splits-mapping", at - size, 2n * size],
    ["not-mapped", at + 4n * size, size],
    ["zero-size", at, 0n],
    ["misaligned", at + 1n, size],
    ["misaligned", at, size / 2n],
    ["outside-window", at, (1n << 64n) - size],
    ["invalid-address", -1n, size],
    ["invalid-address", at, 1n << 64n],
  ];
  for (const [code, where, length] of table) {
    const unmap = (): unknown => Reflect.apply(container.dma.unmap, undefined, [where, length]);
    expectCode(code, unmap, `unmap of ${length} bytes at ${where}`);
    expectEqual(world.callsDuring(unmap), 0, `calls made for ${code}`);
  }
  expectEqual(container.dma.mappings()[0]?.size, bytes(4 * page), "bytes still mapped");
}

function several(world: World): void {
  const { container, edu } = world.bench();
  const page = pageOf(container);
  const memory = world.registered(container, 3 * page);
  const at = firstIova(container);
  const size = BigInt(page);
  container.dma.map(at, memory.address, bytes(page), "read-write");
  // The device must hold something else than what the memory is filled with, or nothing is seen.
  edu.copyFromHost(at, EDU_PIECE_BYTES);
  container.dma.map(iova(at + 4n * size), memory.address, bytes(2n * size), "read-write");
  container.dma.unmap(iova(at - size), bytes(10n * size));
  expectEqual(container.dma.mappings().length, 0, "live mappings");
  memory.bytes.fill(0);
  edu.copyToHost(at, EDU_PIECE_BYTES);
  edu.copyToHost(iova(at + 4n * size), EDU_PIECE_BYTES);
  expectThat(
    memory.bytes.every((byte) => byte === 0),
    "nothing was written after unmap",
  );
}

function everything(world: World): void {
  const { container, edu } = world.bench();
  const page = pageOf(container);
  const memory = world.registered(container, 4 * page);
  const at = firstIova(container);
  const size = BigInt(page);
  expectEqual(container.dma.unmapAll(), 0n, "bytes removed from an empty container");
  for (const [offset, pages] of [
    [0n, 1n],
    [3n, 2n],
    [8n, 1n],
  ] as const)
    container.dma.map(iova(at + offset * size), memory.address, bytes(pages * size), "read-write");
  edu.copyFromHost(at, EDU_PIECE_BYTES);
  expectEqual(container.dma.unmapAll(), 4n * size, "bytes removed");
  expectEqual(container.dma.mappings().length, 0, "live mappings");
  memory.bytes.fill(0);
  edu.copyToHost(iova(at + 8n * size), EDU_PIECE_BYTES);
  expectThat(
    memory.bytes.every((byte) => byte === 0),
    "nothing was written after unmapAll",
  );
}
