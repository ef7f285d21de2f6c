// New host addresses under running devices: DMA goes on, and the ledger follows the kernel (rule LU1).

import {
  bytes,
  type Container,
  type DmaMemory,
  type ErrorCode,
  type Iova,
  iovaPlus,
} from "@iommukit/core";
import { EDU_PIECE_BYTES } from "../drivers/edu-driver.ts";
import type { ConformanceCase } from "./case.ts";
import { differingBytes, expectCode, expectEqual } from "./expect.ts";
import { firstIova, pageOf } from "./places.ts";
import type { World } from "./world.ts";

const claims = "update-vaddr";

export const LIVE_UPDATE_CASES: readonly ConformanceCase[] = [
  { name: "addresses: DMA goes on while one is invalid and after", claims, run: dmaGoesOn },
  { name: "addresses: memory is in use where the kernel was told last", claims, run: accounting },
  { name: "addresses: all at once, supplied together", claims, run: allAtOnce },
  {
    name: "addresses: an invalid mapping can be unmapped, and is then gone",
    claims,
    run: unmapped,
  },
  { name: "addresses: no group joins while one is invalid", claims, devices: 2, run: joining },
  { name: "addresses: what cannot be is refused without a call", claims, run: refusals },
];

interface Mapped {
  readonly memory: DmaMemory;
  readonly at: Iova;
}

/** A page mapped at page number `page`, with memory of its own. */
function mapPage(world: World, container: Container, page: number): Mapped {
  const memory = world.memory(pageOf(container), page + 1);
  const at = iovaPlus(firstIova(container), page * pageOf(container));
  container.dma.map(at, memory.address, memory.size, "read-write");
  return { memory, at };
}

function dmaGoesOn(world: World): void {
  const { container, edu } = world.bench();
  const { memory, at } = mapPage(world, container, 0);
  const other = mapPage(world, container, 1);
  const elsewhere = world.memory(pageOf(container), 9);
  const before = elsewhere.bytes.slice();
  const arrives = (when: string): void => {
    edu.copyFromHost(other.at, EDU_PIECE_BYTES);
    memory.bytes.fill(0);
    edu.copyToHost(at, EDU_PIECE_BYTES);
    const [written, expected] = [memory, other.memory].map(({ bytes: all }) =>
      all.subarray(0, EDU_PIECE_BYTES),
    );
    expectEqual(differingBytes(written ?? before, expected ?? before), 0, `wrong bytes ${when}`);
  };
  arrives("before");
  container.addresses.invalidate(at, memory.size);
  arrives("while the address is invalid");
  const more = mapPage(world, container, 2);
  container.dma.unmap(more.at, more.memory.size);
  container.addresses.supply([{ iova: at, size: memory.size, host: elsewhere.address }]);
  // The pages were pinned when the mapping was made; a new address does not move them.
  arrives("after the new address");
  expectEqual(differingBytes(before, elsewhere.bytes), 0, "bytes changed at the new address");
}

function accounting(world: World): void {
  const container = world.open();
  const { memory, at } = mapPage(world, container, 0);
  const next = world.memory(pageOf(container), 2);
  container.addresses.invalidate(at, memory.size);
  expectEqual(container.addresses.invalid()[0]?.host, memory.address, "the address that was");
  expectCode("memory-in-use", () => memory.close(), "freeing the old memory too early");
  container.addresses.supply([{ iova: at, size: memory.size, host: next.address }]);
  expectEqual(container.addresses.invalid().length, 0, "invalid addresses");
  expectEqual(container.dma.lookup(at)?.host, next.address, "the address now");
  expectEqual(container.dma.lookup(at)?.access, "read-write", "the access");
  memory.close();
  expectCode("memory-in-use", () => next.close(), "freeing the new memory");
  container.dma.unmap(at, next.size);
  next.close();
}

function allAtOnce(world: World): void {
  const container = world.open();
  const first = mapPage(world, container, 0);
  const second = mapPage(world, container, 5);
  expectEqual(container.addresses.invalidateAll(), bytes(2 * pageOf(container)), "bytes invalid");
  expectEqual(container.addresses.invalid().length, 2, "invalid addresses");
  container.addresses.supply([
    { iova: second.at, size: second.memory.size, host: first.memory.address },
    { iova: first.at, size: first.memory.size, host: second.memory.address },
  ]);
  expectEqual(container.dma.lookup(first.at)?.host, second.memory.address, "the first's address");
  expectEqual(container.dma.lookup(second.at)?.host, first.memory.address, "the second's address");
  expectEqual(container.addresses.invalid().length, 0, "invalid addresses");
  container.dma.unmapAll();
  expectEqual(container.addresses.invalidateAll(), bytes(0), "bytes of an empty container");
}

function unmapped(world: World): void {
  const container = world.open();
  const first = mapPage(world, container, 0);
  mapPage(world, container, 1);
  container.addresses.invalidateAll();
  container.dma.unmap(first.at, first.memory.size);
  expectEqual(container.addresses.invalid().length, 1, "invalid addresses");
  expectEqual(container.dma.unmapAll(), bytes(pageOf(container)), "bytes removed");
  expectEqual(container.addresses.invalid().length, 0, "invalid addresses after unmapAll");
}

function joining(world: World): void {
  const container = world.open();
  const { memory, at } = mapPage(world, container, 0);
  const { group } = world.device(1);
  container.addresses.invalidate(at, memory.size);
  const attach = (): unknown => container.control.attach(group);
  expectCode("wrong-state", attach, "a group while an address is invalid");
  expectEqual(world.callsDuring(attach), 0, "calls made");
  container.addresses.supply([{ iova: at, size: memory.size, host: memory.address }]);
  container.control.attach(group);
  const { edu } = world.openEdu(container, 1);
  memory.bytes.fill(0xa5);
  edu.copyFromHost(at, EDU_PIECE_BYTES);
  memory.bytes.fill(0);
  edu.copyToHost(at, EDU_PIECE_BYTES);
  const right = memory.bytes.subarray(0, EDU_PIECE_BYTES).every((byte) => byte === 0xa5);
  expectEqual(right, true, "whether the new group reaches the mapping");
}

function refusals(world: World): void {
  const container = world.open();
  const page = pageOf(container);
  const { memory, at } = mapPage(world, container, 0);
  const other = mapPage(world, container, 1);
  const size = BigInt(page);
  const { addresses } = container;
  const refused = (code: ErrorCode, call: () => unknown, what: string): void => {
    expectCode(code, call, what);
    expectEqual(world.callsDuring(call), 0, `calls made for ${what}`);
  };
  const invalidate = (where: bigint, length: bigint): unknown =>
    Reflect.apply(addresses.invalidate, undefined, [where, length]);
  const supply = (where: bigint, length: bigint, host: bigint): unknown =>
    Reflect.apply(addresses.supply, undefined, [[{ iova: where, size: length, host }]]);
  refused("wrong-state", () => supply(at, size, memory.address), "a supply to a valid mapping");
  addresses.invalidate(at, memory.size);
  refused("wrong-state", () => invalidate(at, size), "invalidating twice");
  refused("wrong-state", () => invalidate(at, 2n * size), "a range with an invalid mapping");
  refused("wrong-state", () => addresses.invalidateAll(), "all, with an invalid mapping");
  refused("not-mapped", () => invalidate(at + 4n * size, size), "a hole");
  refused("splits-mapping", () => supply(at, 2n * size, memory.address), "two mappings");
  refused("not-mapped", () => supply(at + 4n * size, size, memory.address), "a hole's address");
  refused("misaligned", () => supply(at, size, memory.address + 1n), "an odd address");
  refused("invalid-address", () => supply(at, size, 1n << 64n), "no address");
  const over = (): void => container.dma.map(at, memory.address, memory.size, "read");
  refused("already-mapped", over, "a map over an invalid mapping");
  const twice = { iova: at, size: memory.size, host: memory.address };
  refused("invalid-argument", () => addresses.supply([twice, twice]), "a mapping named twice");
  addresses.supply([]);
  expectEqual(addresses.invalid().length, 1, "invalid addresses");
  expectEqual(container.dma.lookup(other.at)?.host, other.memory.address, "the other's address");
}
