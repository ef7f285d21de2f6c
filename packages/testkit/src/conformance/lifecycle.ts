// Every state, what follows close, and who may have a group.

import { bytes, type Container, type IommuBackend, iova } from "@iommukit/core";
import { EDU_PIECE_BYTES } from "../drivers/edu-driver.ts";
import type { ConformanceCase } from "./case.ts";
import { differingBytes, expectCode, expectCodeAsync, expectEqual, expectThat } from "./expect.ts";
import { firstIova, pageOf } from "./places.ts";
import type { World } from "./world.ts";

export const LIFECYCLE_CASES: readonly ConformanceCase[] = [
  { name: "lifecycle: opens enabled, closes once, opens again", run: opensAndCloses },
  { name: "lifecycle: after close every method is refused without a call", run: closed },
  { name: "lifecycle: a group that is taken is refused and stays with its owner", run: taken },
  { name: "lifecycle: an open that fails leaves the group free", run: failedOpen },
  { name: "lifecycle: groups and options that are none are refused", run: badOptions },
  { name: "lifecycle: the last group takes every mapping with it", run: lastGroup },
  { name: "lifecycle: a second group reaches the same mappings", devices: 2, run: secondGroup },
  { name: "lifecycle: one container does not reach another's memory", devices: 2, run: isolated },
  { name: "negotiation: what is refused is explained", run: explained },
  { name: "windows: disjoint, in order, and both ends can be mapped", run: windowEnds },
  { name: "windows: fixed windows say so", run: fixedWindows },
];

function opensAndCloses(world: World): void {
  const first = world.open();
  expectEqual(first.state, "enabled", "the state after open");
  expectEqual(first.backend, world.backend.name, "the backend");
  first.close();
  expectEqual(first.state, "closed", "the state after close");
  expectEqual(
    world.callsDuring(() => first.close()),
    0,
    "calls of a second close",
  );
  world.open().close();
}

async function closed(world: World): Promise<void> {
  const container = world.open();
  const memory = world.registered(container, pageOf(container));
  const device = container.openDevice(world.device().address);
  const at = firstIova(container);
  const [window] = container.windows.list();
  expectThat(window !== undefined, "there is a window");
  container.dma.map(at, memory.address, memory.size, "read-write");
  container.close();
  const { dma, windows, control } = container;
  const calls: readonly (() => unknown)[] = [
    () => dma.map(at, memory.address, memory.size, "read"),
    () => dma.mapAnywhere(memory.address, memory.size, "read"),
    () => dma.mapSegments(at, [{ host: memory.address, size: memory.size }], "read"),
    () => dma.unmap(at, memory.size),
    () => dma.unmapAll(),
    () => dma.lookup(at),
    () => dma.mappings(),
    () => windows.list(),
    () => windows.create({ pageSize: 4096, size: memory.size }),
    () => windows.remove(window),
    () => control.attach(world.device().group),
    () => control.detach(world.device().group),
    () => container.openDevice(world.device().address),
    () => container.memory.register(memory.address, memory.size),
    () => container.readMappingsAvailable(),
    () => device.region(0),
    () => device.readRegion(0, 0, new Uint8Array(4)),
    () => device.writeRegion(0, 0, new Uint8Array(4)),
    () => device.reset(),
  ];
  for (const call of calls) {
    expectCode("closed", call, String(call));
    expectEqual(world.callsDuring(call), 0, `calls of ${String(call)}`);
  }
  const chunked = (): Promise<void> => dma.mapInChunks(at, memory.address, memory.size, "read");
  await expectCodeAsync("closed", chunked, "mapInChunks");
}

function taken(world: World): void {
  const container = world.open();
  expectCode("group-busy", () => world.open(), "a second container for the group");
  expectCode("invalid-argument", () => container.control.attach(world.device().group), "twice");
  const memory = world.registered(container, pageOf(container));
  container.dma.map(firstIova(container), memory.address, memory.size, "read-write");
  expectEqual(container.dma.mappings().length, 1, "the owner's mappings");
}

function failedOpen(world: World): void {
  const impossible = { capabilities: ["no-such-capability"] };
  for (let round = 0; round < 3; round++)
    expectCode("no-backend", () => world.open({ require: impossible }), "an impossible demand");
  world.open().close();
}

function badOptions(world: World): void {
  const open =
    (groups: unknown): (() => unknown) =>
    () =>
      Reflect.apply(world.iommu.openContainer, undefined, [{ groups, backends: [world.backend] }]);
  for (const groups of [[], [-1], [1.5], ["0"], [2 ** 31], undefined, [3, 3]]) {
    expectCode("invalid-argument", open(groups), `groups ${String(groups)}`);
    expectEqual(world.callsDuring(open(groups)), 0, "calls made for bad options");
  }
  expectCode("group-not-found", open([2 ** 31 - 1]), "a group that does not exist");
  expectCode("invalid-argument", () => world.open({ backends: [] }), "no backend");
  expectCode("device-not-found", () => world.iommu.groupOf("ffff:ff:1f.7"), "no such device");
  expectCode("invalid-argument", () => world.iommu.groupOf("../../etc"), "no device's name");
}

function lastGroup(world: World): void {
  const container = world.open();
  const page = pageOf(container);
  const memory = world.registered(container, page);
  const at = firstIova(container);
  container.dma.map(at, memory.address, bytes(page), "read-write");
  const { group } = world.device();
  expectEqual(container.control.detach(group).mappingsDropped, 1, "mappings dropped");
  expectEqual(container.state, "opened", "the state without a group");
  expectCode(
    "wrong-state",
    () => container.dma.map(at, memory.address, bytes(page), "read"),
    "map",
  );
  expectCode("wrong-state", () => container.control.detach(group), "detach");
  container.control.attach(group);
  expectEqual(container.state, "enabled", "the state with a group again");
  expectEqual(container.dma.mappings().length, 0, "live mappings");
  container.memory.register(memory.address, memory.size);
  container.dma.map(at, memory.address, bytes(page), "read-write");
}

function secondGroup(world: World): void {
  const { container, edu } = world.bench();
  const page = pageOf(container);
  const memory = world.registered(container, page);
  const at = firstIova(container);
  container.dma.map(at, memory.address, bytes(page), "read-write");
  container.control.attach(world.device(1).group);
  const second = world.openEdu(container, 1);
  second.edu.copyFromHost(at, EDU_PIECE_BYTES);
  second.edu.copyToHost(iova(at + 2048n), EDU_PIECE_BYTES);
  const [low, high] = [memory.bytes.subarray(0, 2048), memory.bytes.subarray(2048, 4096)];
  expectEqual(differingBytes(low, high), 0, "bytes that differ after the second device's copy");
  const detach = (): unknown => container.control.detach(world.device(1).group);
  expectCode("group-busy", detach, "a group with an open device");
  second.device.close();
  expectEqual(container.control.detach(world.device(1).group).mappingsDropped, 0, "dropped");
  edu.copyToHost(at, EDU_PIECE_BYTES);
  expectEqual(container.dma.mappings().length, 1, "live mappings");
}

function isolated(world: World): void {
  const { container, edu } = world.bench();
  const page = pageOf(container);
  const other: Container = world.open({ groups: [world.device(1).group] });
  const memory = world.registered(other, page);
  const at = firstIova(other);
  other.dma.map(at, memory.address, bytes(page), "read-write");
  const before = memory.bytes.slice();
  edu.copyToHost(at, EDU_PIECE_BYTES);
  expectEqual(differingBytes(before, memory.bytes), 0, "bytes written from another container");
  expectEqual(container.dma.mappings().length, 0, "mappings of the first container");
}

function explained(world: World): void {
  const unusable: IommuBackend = {
    name: "unusable",
    probe: () => ({ usable: false, reason: "it is made so" }),
    open: () => {
      throw new Error("a backend that is not usable is never opened");
    },
  };
  const container = world.open({ backends: [unusable, world.backend] });
  expectEqual(container.negotiation.chosen, world.backend.name, "the backend chosen");
  const [refusal] = container.negotiation.refused;
  expectEqual(refusal?.backend, "unusable", "the backend refused");
  expectThat(refusal?.reasons[0]?.includes("it is made so") === true, "its reason is kept");
  for (const [name, status] of Object.entries(container.capabilities))
    expectThat(status.offered || status.reason.length > 0, `${name} is offered or has a reason`);
  container.close();
  const message = expectCode(
    "no-backend",
    () => world.open({ require: { pageSize: 512, windowSize: 1n << 64n, capabilities: ["warp"] } }),
    "what nothing offers",
  );
  for (const word of ["warp", "page size", "window size"])
    expectThat(message.includes(word), `the message names ${word}`);
}

function windowEnds(world: World): void {
  const container = world.open();
  const page = BigInt(pageOf(container));
  const windows = container.windows.list();
  const memory = world.registered(container, Number(page));
  expectThat(windows.length > 0, "there is a window");
  let after = -1n;
  for (const window of windows) {
    expectThat(window.start > after && window.last > window.start, "windows are in order");
    expectEqual((window.start | (window.last + 1n)) % page, 0n, "the window's odd bytes");
    after = window.last;
    const size = bytes(page);
    for (const at of [window.start, window.last + 1n - page])
      container.dma.map(iova(at), memory.address, size, "read-write");
    const beyond = (): void => container.dma.map(iova(after + 1n), memory.address, size, "read");
    if (after + page < 1n << 64n && !windows.some((each) => each.start === after + 1n))
      expectCode("outside-window", beyond, "the page behind a window");
  }
  expectEqual(container.dma.mappings().length, 2 * windows.length, "live mappings");
  expectEqual(windows, container.windows.list(), "the list while nothing changes");
}

function fixedWindows(world: World): void {
  const container = world.open();
  const [window] = container.windows.list();
  if (window === undefined || window.kind !== "fixed") return;
  const create = (): unknown => container.windows.create({ pageSize: 4096, size: bytes(4096) });
  expectCode("not-offered", create, "a window under a backend with fixed ones");
  expectEqual(world.callsDuring(create), 0, "calls made");
  expectCode("not-offered", () => container.windows.remove(window), "removing a fixed window");
}
