// What a device reaches after map, and what is refused before any call.

import {
  bytes,
  type Container,
  type ErrorCode,
  hostAddress,
  hostPlus,
  iova,
  KiB,
} from "@iommukit/core";
import { EDU_PIECE_BYTES } from "../drivers/edu-driver.ts";
import type { ConformanceCase } from "./case.ts";
import { differingBytes, expectCode, expectEqual, expectThat } from "./expect.ts";
import { firstIova, pageOf } from "./places.ts";
import type { World } from "./world.ts";

const NOT_64_BITS: readonly [string, unknown][] = [
  ["a negative IOVA", -4096n],
  ["an IOVA of 65 bits", 1n << 64n],
  ["a fractional IOVA", 0.5],
  ["a number", 4096],
  ["a string", "0x1000"],
  ["undefined", undefined],
];

export const MAPPING_CASES: readonly ConformanceCase[] = [
  { name: "mapping: the device reads and writes what was mapped", run: copies },
  { name: "mapping: the device does not write through a read-only mapping", run: readOnly },
  {
    name: "mapping: the device does not read through a write-only mapping",
    claims: "write-only",
    run: writeOnly,
  },
  { name: "mapping: write-only is refused where the device could read", run: writeOnlyRefused },
  { name: "mapping: the device reaches nothing that was not mapped", run: unmapped },
  { name: "mapping: bytes beside a mapping stay as they are", run: neighbours },
  { name: "mapping: what the ledger knows is refused without a call", run: refusals },
  { name: "mapping: values that are no addresses are refused without a call", run: notAddresses },
  { name: "mapping: overlap is refused without a call and changes nothing", run: overlap },
  { name: "mapping: memory that is not there is refused and leaves nothing", run: noMemory },
  { name: "mapping: read-only memory is not mapped for writing", run: readOnlyMemory },
];

function copies(world: World): void {
  const { container, edu } = world.bench();
  const page = pageOf(container);
  const memory = world.registered(container, 2 * page);
  const at = firstIova(container);
  container.dma.map(at, memory.address, bytes(2 * page), "read-write");
  const half = memory.bytes.slice(0, EDU_PIECE_BYTES);
  edu.copyFromHost(at, EDU_PIECE_BYTES);
  edu.copyToHost(iova(at + BigInt(page)), EDU_PIECE_BYTES);
  const reached = memory.bytes.subarray(page, page + EDU_PIECE_BYTES);
  expectEqual(differingBytes(half, reached), 0, "bytes that differ after the copy");
}

function readOnly(world: World): void {
  const { container, edu } = world.bench();
  const page = pageOf(container);
  const memory = world.registered(container, page);
  const before = memory.bytes.slice();
  const at = firstIova(container);
  container.dma.map(at, memory.address, bytes(page), "read");
  edu.copyToHost(at, EDU_PIECE_BYTES);
  expectEqual(differingBytes(before, memory.bytes), 0, "bytes written through a read-only mapping");
}

function writeOnly(world: World): void {
  const { container, edu } = world.bench();
  const page = pageOf(container);
  const secret = world.registered(container, page, 9);
  const target = world.registered(container, page, 3);
  const at = firstIova(container);
  const behind = iova(at + BigInt(page));
  container.dma.map(at, secret.address, bytes(page), "write");
  container.dma.map(behind, target.address, bytes(page), "write");
  edu.copyFromHost(at, EDU_PIECE_BYTES);
  edu.copyToHost(behind, EDU_PIECE_BYTES);
  const leaked = target.bytes.subarray(0, EDU_PIECE_BYTES);
  const same = leaked.length - differingBytes(leaked, secret.bytes.subarray(0, leaked.length));
  // One byte in 256 is equal by chance where the device's own memory was anything else.
  expectThat(same < leaked.length / 16, `no more than chance leaks, not ${same} bytes`);
}

function writeOnlyRefused(world: World): void {
  const container = world.open();
  const memory = world.registered(container, pageOf(container));
  const at = firstIova(container);
  const map = (to: Container): void => to.dma.map(at, memory.address, memory.size, "write");
  if (container.capabilities["write-only"]?.offered === true) {
    map(container);
    return;
  }
  expectCode("not-offered", () => map(container), "a write-only map");
  expectEqual(
    world.callsDuring(() => map(container)),
    0,
    "calls made",
  );
  container.close();
  const accepting = world.open({ accept: ["unsafe-interrupts", "write-implies-read"] });
  accepting.memory.register(memory.address, memory.size);
  map(accepting);
  expectEqual(accepting.dma.mappings()[0]?.access, "write", "the access recorded");
}

function unmapped(world: World): void {
  const { container, edu } = world.bench();
  const page = pageOf(container);
  const memory = world.registered(container, 3 * page);
  const before = memory.bytes.slice();
  const at = iova(firstIova(container) + BigInt(page));
  container.dma.map(at, hostPlus(memory.address, page), bytes(page), "read");
  edu.copyToHost(iova(at - BigInt(page)), EDU_PIECE_BYTES);
  edu.copyToHost(iova(at + BigInt(page)), EDU_PIECE_BYTES);
  expectEqual(differingBytes(before, memory.bytes), 0, "bytes changed outside every mapping");
}

function neighbours(world: World): void {
  const { container, edu } = world.bench();
  const page = pageOf(container);
  const memory = world.registered(container, 3 * page);
  const before = memory.bytes.slice();
  const at = firstIova(container);
  container.dma.map(at, hostPlus(memory.address, page), bytes(page), "read-write");
  // Over the end of the mapping: the first half lands, the second is blocked.
  edu.copyToHost(iova(at + BigInt(page) - 1024n), EDU_PIECE_BYTES);
  const last = 2 * page;
  expectEqual(
    differingBytes(before.subarray(last), memory.bytes.subarray(last)),
    0,
    "bytes changed behind",
  );
  expectEqual(
    differingBytes(before.subarray(0, page), memory.bytes.subarray(0, page)),
    0,
    "bytes changed before",
  );
}

function refusals(world: World): void {
  const container = world.open();
  const page = pageOf(container);
  const memory = world.registered(container, 2 * page);
  const at = firstIova(container);
  const window = container.windows.list()[0];
  expectThat(window !== undefined, "there is a window");
  const size = BigInt(page);
  const table: readonly [ErrorCode, bigint, bigint, bigint][] = [
    ["zero-size", at, memory.address, 0n],
    ["misaligned", at + 1n, memory.address, size],
    ["misaligned", at, memory.address + 8n, size],
    ["misaligned", at, memory.address, size + 512n],
    ["outside-window", window.last + 1n - size, memory.address, 2n * size],
    ["outside-window", at, memory.address, (1n << 64n) - size],
    ["invalid-address", at, (1n << 64n) - size, 2n * size],
  ];
  for (const [code, where, host, length] of table) {
    const map = (): unknown =>
      Reflect.apply(container.dma.map, undefined, [where, host, length, "read-write"]);
    expectCode(code, map, `map of ${length} bytes at ${where}`);
    expectEqual(world.callsDuring(map), 0, `calls made for ${code}`);
  }
  expectEqual(container.dma.mappings().length, 0, "live mappings");
}

function notAddresses(world: World): void {
  const container = world.open();
  const memory = world.memory(pageOf(container));
  for (const [name, value] of NOT_64_BITS) {
    const map = (): unknown =>
      Reflect.apply(container.dma.map, undefined, [value, memory.address, memory.size, "read"]);
    expectCode("invalid-address", map, name);
    expectEqual(world.callsDuring(map), 0, `calls made for ${name}`);
  }
  for (const access of ["rw", ["write"], ["read"], undefined, 3, "toString"]) {
    const map = (): unknown =>
      Reflect.apply(container.dma.map, undefined, [0n, memory.address, memory.size, access]);
    expectCode("invalid-argument", map, `access ${String(access)}`);
    expectEqual(world.callsDuring(map), 0, `calls made for access ${String(access)}`);
  }
}

function overlap(world: World): void {
  const { container, edu } = world.bench();
  const page = pageOf(container);
  const first = world.registered(container, 2 * page, 1);
  const second = world.registered(container, 2 * page, 2);
  const at = firstIova(container);
  container.dma.map(at, first.address, bytes(2 * page), "read-write");
  for (const where of [at, iova(at + BigInt(page))]) {
    const map = (): void => container.dma.map(where, second.address, bytes(page), "read-write");
    expectCode("already-mapped", map, "a map over a live mapping");
    expectEqual(world.callsDuring(map), 0, "calls made for the overlap");
  }
  const before = second.bytes.slice();
  edu.copyToHost(at, EDU_PIECE_BYTES);
  expectEqual(differingBytes(before, second.bytes), 0, "bytes changed in memory that was refused");
  expectEqual(container.dma.mappings().length, 1, "live mappings");
}

function noMemory(world: World): void {
  const { container, edu } = world.bench();
  const page = pageOf(container);
  const gone = world.iommu.allocate(page);
  const where = gone.address;
  gone.close();
  const at = firstIova(container);
  const code: ErrorCode =
    container.capabilities["memory-registration"]?.offered === true
      ? "memory-not-registered"
      : "memory-fault";
  expectCode(
    code,
    () => container.dma.map(at, where, bytes(page), "read-write"),
    "a map of no memory",
  );
  expectEqual(container.dma.mappings().length, 0, "live mappings");
  const memory = world.registered(container, page);
  container.dma.map(at, memory.address, bytes(page), "read-write");
  edu.copyFromHost(at, EDU_PIECE_BYTES);
  edu.copyToHost(iova(at + 2048n), EDU_PIECE_BYTES);
  const [from, to] = [memory.bytes.subarray(0, 2 * KiB), memory.bytes.subarray(2 * KiB, 4 * KiB)];
  expectEqual(differingBytes(from, to), 0, "bytes that differ after the copy");
}

function readOnlyMemory(world: World): void {
  const container = world.open();
  const page = pageOf(container);
  const memory = world.port.mapMemory({ length: page, protection: "read" });
  expectThat(typeof memory !== "number", "the kernel maps read-only memory");
  const at = firstIova(container);
  const host = hostAddress(memory.address);
  if (container.capabilities["memory-registration"]?.offered !== true) {
    const map = (): void => container.dma.map(at, host, bytes(page), "read-write");
    expectCode("memory-fault", map, "a writable map of read-only memory");
    container.dma.map(at, host, bytes(page), "read");
    container.dma.unmap(at, bytes(page));
  }
  memory.close();
}
