// Memory that may not be freed, registrations, and devices.

import { bytes, hostPlus } from "@iommukit/core";
import type { ConformanceCase } from "./case.ts";
import { expectCode, expectEqual, expectThat } from "./expect.ts";
import { firstIova, pageOf } from "./places.ts";
import type { World } from "./world.ts";

export const MEMORY_CASES: readonly ConformanceCase[] = [
  { name: "memory: cannot be freed while it is mapped", run: inUse },
  { name: "memory: is zeroed, page-aligned and at least as large as asked", run: allocated },
  { name: "memory: bad sizes are refused without a call", run: badSizes },
  { name: "registration: is counted, and kept while a mapping stands on it", run: registrations },
  { name: "devices: a device that is not there or not here is refused", run: strangers },
  { name: "devices: an access outside a region is refused without a call", run: regionBounds },
  { name: "devices: closing the container closes its devices", run: closing },
];

function inUse(world: World): void {
  const container = world.open();
  const page = pageOf(container);
  const memory = world.iommu.allocate(page);
  const registration = container.memory.register(memory.address, memory.size);
  const at = firstIova(container);
  container.dma.map(at, memory.address, memory.size, "read-write");
  expectCode("memory-in-use", () => memory.close(), "freeing mapped memory");
  expectEqual(
    world.callsDuring(() => memory.close()),
    0,
    "calls made",
  );
  container.dma.unmap(at, memory.size);
  expectCode("memory-in-use", () => memory.close(), "freeing registered memory");
  registration.close();
  memory.close();
  expectEqual(
    world.callsDuring(() => memory.close()),
    0,
    "calls of a second close",
  );
  expectCode("closed", () => memory.bytes, "bytes of freed memory");
}

function allocated(world: World): void {
  const page = world.port.abi.pageSize;
  const memory = world.iommu.allocate(page + 1);
  expectEqual(memory.size, bytes(2 * page), "bytes for a page and one byte");
  expectEqual(memory.address % BigInt(page), 0n, "the odd bytes of its address");
  expectThat(
    memory.bytes.every((byte) => byte === 0),
    "it is zeroed",
  );
  expectEqual(memory.bytes.length, 2 * page, "the length of its bytes");
  memory.close();
}

function badSizes(world: World): void {
  for (const [size, code] of [
    [0, "zero-size"],
    [-1, "invalid-address"],
    [1.5, "invalid-address"],
    [1n << 64n, "invalid-address"],
    [1n << 62n, "out-of-memory"],
  ] as const) {
    const allocate = (): unknown => world.iommu.allocate(size);
    expectCode(code, allocate, `allocating ${size} bytes`);
    expectEqual(world.callsDuring(allocate), 0, `calls made for ${size} bytes`);
  }
  for (const pageSize of [0, 3, 512, 4097, Number.NaN])
    expectCode(
      "invalid-argument",
      () => world.iommu.allocate(4096, { pageSize }),
      `pages of ${pageSize}`,
    );
}

function registrations(world: World): void {
  const container = world.open();
  // The kernel registers whole pages of its own, which may be larger than the window's.
  const page = Math.max(pageOf(container), world.port.abi.pageSize);
  const memory = world.memory(2 * page);
  const { register } = container.memory;
  const registration = register(memory.address, memory.size);
  expectCode("already-mapped", () => register(memory.address, bytes(page)), "twice");
  expectCode(
    "misaligned",
    () => register(hostPlus(memory.address, 1n), bytes(page)),
    "an odd address",
  );
  expectCode("zero-size", () => register(memory.address, bytes(0)), "no bytes");
  const at = firstIova(container);
  container.dma.map(at, hostPlus(memory.address, page), bytes(page), "read-write");
  expectCode("memory-in-use", () => registration.close(), "unregistering mapped memory");
  container.dma.unmap(at, bytes(page));
  registration.close();
  expectEqual(
    world.callsDuring(() => registration.close()),
    0,
    "calls of a second close",
  );
  register(memory.address, memory.size).close();
}

function strangers(world: World): void {
  const container = world.open();
  expectCode("device-not-found", () => container.openDevice("ffff:ff:1f.7"), "no such device");
  expectCode("invalid-argument", () => container.openDevice("0000:00:02.0/../.."), "no name");
  const other = world.devices[1];
  if (other !== undefined)
    expectCode("device-not-found", () => container.openDevice(other.address), "another group's");
}

function regionBounds(world: World): void {
  const container = world.open();
  const device = container.openDevice(world.device().address);
  const { size } = device.region(0);
  expectThat(size > 0n, "region 0 exists");
  const word = new Uint8Array(4);
  for (const offset of [Number(size), Number(size) - 3, -4, 0.5, Number.NaN]) {
    const read = (): void => device.readRegion(0, offset, word);
    expectCode("region-access", read, `a read at ${offset}`);
    expectEqual(world.callsDuring(read), 0, `calls of a read at ${offset}`);
    expectCode("region-access", () => device.writeRegion(0, offset, word), `a write at ${offset}`);
  }
  expectCode("region-access", () => device.readRegion(0, 0, new Uint8Array(0)), "no bytes");
  for (const index of [-1, device.regionCount, 1.5])
    expectCode("invalid-argument", () => device.region(index), `region ${index}`);
}

function closing(world: World): void {
  const container = world.open();
  const device = container.openDevice(world.device().address);
  container.close();
  expectCode("closed", () => device.region(0), "a device of a closed container");
  expectEqual(
    world.callsDuring(() => device.close()),
    0,
    "calls of its close",
  );
  world.open().close();
}
