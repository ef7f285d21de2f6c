// Memory that must be registered before it is mapped, and whose registration it is.

import { bytes, type ErrorCode, hostPlus, iova } from "@iommukit/core";
import type { ConformanceCase } from "./case.ts";
import { expectCode, expectEqual } from "./expect.ts";
import { firstIova, pageOf } from "./places.ts";
import type { World } from "./world.ts";

export const REGISTRATION_CASES: readonly ConformanceCase[] = [
  {
    name: "registration: what is not registered whole is not mapped",
    claims: "memory-registration",
    run: partly,
  },
  {
    name: "registration: containers share a range or have none in common",
    devices: 2,
    run: shared,
  },
];

function partly(world: World): void {
  const container = world.open();
  // The kernel registers whole pages of its own.
  const page = Math.max(pageOf(container), world.port.abi.pageSize);
  const memory = world.memory(4 * page);
  const { register } = container.memory;
  const at = firstIova(container);
  const middle = hostPlus(memory.address, page);
  const map = (host: typeof middle, pages: number) => (): void =>
    container.dma.map(at, host, bytes(pages * page), "read-write");
  const refused = (what: string, action: () => void): void => {
    const code: ErrorCode = "memory-not-registered";
    expectCode(code, action, what);
    expectEqual(world.callsDuring(action), 0, `calls made for ${what}`);
  };
  refused("memory that is not registered", map(memory.address, 1));
  const first = register(middle, bytes(page));
  refused("memory that begins before", map(memory.address, 2));
  refused("memory that ends behind", map(middle, 2));
  register(hostPlus(memory.address, 2 * page), bytes(page));
  map(middle, 2)();
  expectCode("memory-in-use", () => first.close(), "unregistering one of two under a mapping");
  container.dma.unmap(at, bytes(2 * page));
  first.close();
  refused("memory of which half was unregistered", map(middle, 2));
}

function shared(world: World): void {
  const one = world.open();
  const other = world.open({ groups: [world.device(1).group] });
  const page = Math.max(pageOf(one), world.port.abi.pageSize);
  const memory = world.memory(4 * page);
  const mine = one.memory.register(memory.address, bytes(2 * page));
  const overlap = (): unknown =>
    other.memory.register(hostPlus(memory.address, page), bytes(2 * page));
  expectCode("already-mapped", overlap, "a range that overlaps another container's");
  expectEqual(world.callsDuring(overlap), 0, "calls made");
  const theirs = other.memory.register(memory.address, bytes(2 * page));
  const at = firstIova(other);
  other.dma.map(iova(at), memory.address, bytes(2 * page), "read");
  mine.close();
  expectCode("memory-in-use", () => theirs.close(), "unregistering mapped memory");
  other.dma.unmap(at, bytes(2 * page));
  theirs.close();
  other.memory.register(hostPlus(memory.address, page), bytes(2 * page)).close();
}
