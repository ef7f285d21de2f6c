// The ready worlds: the same on every build, the same behind both x86 IOMMUs.

import { describe, expect, test } from "vitest";
import { P, RawClient } from "../kernel/testing/raw-client.ts";
import { amdvi } from "./amdvi.ts";
import { type HostOptions, simulatedHost } from "./simulated-host.ts";
import { vtd } from "./vtd.ts";

const DEVICE = "0000:00:02.0";

describe.each([
  ["vtd", vtd, 2, 0x7f_ffff_ffffn],
  ["amdvi", amdvi, 3, 0xffff_ffff_ffff_ffffn],
] as const)("%s", (name, make, ranges, top) => {
  function ready(options: HostOptions = {}) {
    const host = simulatedHost(make(), options);
    const client = new RawClient(host.port);
    const container = client.openContainer();
    const group = client.openGroup(2);
    expect(client.setContainer(group, container)).toBe(0);
    expect(client.setIommu(container, 3)).toBe(0);
    return { host, client, container, group };
  }

  test("section 3.1 and 3.2: page sizes and ranges", () => {
    const { host, client, container } = ready();
    const { view } = client.info(container, 256);
    expect(host.target).toBe(`sim/${name}`);
    expect(view.getBigUint64(8, true)).toBe(name === "vtd" ? 0x40201000n : 0x000fff7ffffff000n);
    expect(view.getUint32(80, true)).toBe(ranges);
    const last = 88 + 16 * ranges - 8;
    expect(view.getBigUint64(last, true)).toBeGreaterThanOrEqual(top);
  });

  test("behavior: map, reach, unmap, blocked, and nothing is left", () => {
    const { host, client, container, group } = ready();
    const live = host.memory.liveAllocations;
    const memory = client.memory(600);
    const request = { vaddr: memory.address, iova: 0x20_0000n, size: 600 * P };
    expect(client.map(container, request)).toBe(0);
    const device = host.dma(DEVICE);
    expect(device.write(0x20_0000n + BigInt(599 * P), Uint8Array.of(1, 2)).moved).toBe(2);
    expect([...memory.bytes.subarray(599 * P, 599 * P + 2)]).toEqual([1, 2]);
    expect(device.write(0x20_0000n - 1n, Uint8Array.of(9, 9)).moved).toBe(1);
    expect(memory.bytes[0]).toBe(9);
    expect(host.inspect.faults()).toHaveLength(1);
    expect(client.unmap(container, 0n, 0n, 2).size).toBe(BigInt(600 * P));
    expect(device.write(0x20_0000n, Uint8Array.of(1)).moved).toBe(0);
    memory.close();
    client.port.close(container);
    client.port.close(group);
    expect([host.inspect.openDescriptors(), host.inspect.mappings()]).toEqual([[], []]);
    expect([host.inspect.lockedBytes(), host.memory.liveAllocations]).toEqual([0, live]);
    expect(host.inspect.strayAccesses()).toEqual([]);
  });

  test("behavior: the same machine gives the same addresses, another seed others", () => {
    const addresses = (seed: number) => {
      const client = new RawClient(simulatedHost(make({ seed })).port);
      return [client.memory(1).address, client.memory(3).address];
    };
    expect(addresses(4)).toEqual(addresses(4));
    expect(addresses(4)).not.toEqual(addresses(5));
    expect(addresses(1)[0] ?? 0n).toBeGreaterThan(0x7f00_0000_0000n);
  });
});

test("section 2.10: a mapping that ends at 2^64 is harmless here", () => {
  const host = simulatedHost(amdvi());
  const client = new RawClient(host.port);
  const [container, group] = [client.openContainer(), client.openGroup(2)];
  client.setContainer(group, container);
  client.setIommu(container, 3);
  const top = 0xffff_ffff_ffff_f000n;
  const memory = client.memory(1);
  expect(client.map(container, { vaddr: memory.address, iova: top, size: P })).toBe(0);
  expect(client.unmap(container, top, P)).toEqual({ rc: 0, size: 0n });
  expect(host.dma(DEVICE).write(top, Uint8Array.of(4)).moved).toBe(1);
  client.port.close(container);
  client.port.close(group);
  expect([host.inspect.lockedBytes(), host.dma(DEVICE).write(top, Uint8Array.of(5)).moved]).toEqual(
    [0, 0],
  );
});

describe("the world", () => {
  test("a rogue reaches exactly what is mapped", () => {
    const host = simulatedHost(vtd());
    const client = new RawClient(host.port);
    const container = client.openContainer();
    client.setContainer(client.openGroup(2), container);
    client.setIommu(container, 3);
    const memory = client.memory(3);
    client.map(container, { vaddr: memory.address, iova: 0x10000n, size: 3 * P });
    const report = host.rogue(DEVICE).sweep({ start: 0xf000n, size: 0x6000n }, "write");
    expect(report.reached).toEqual([{ start: 0x10000n, size: 0x3000n }]);
    expect(host.inspect.strayAccesses()).toEqual([]);
  });

  test("devices, calls and descriptors", () => {
    const host = simulatedHost(vtd());
    expect(host.devices.map(({ address, group }) => [address, group])).toEqual([
      ["0000:00:02.0", 2],
      ["0000:00:03.0", 3],
      ["0000:00:04.0", 4],
      ["0000:00:04.1", 4],
    ]);
    const client = new RawClient(host.port);
    const container = client.openContainer();
    client.checkExtension(container, 1);
    client.checkExtension(container, 3);
    expect([...host.calls]).toEqual([
      ["open", 1],
      ["VFIO_CHECK_EXTENSION", 2],
    ]);
    expect(host.inspect.openDescriptors()).toEqual([
      { pid: host.process.pid, fd: 3, kind: "container", label: "/dev/vfio/vfio" },
    ]);
  });

  test("a group that is not viable, and devices that nobody bound", () => {
    expect(simulatedHost(vtd(), { sharedGroup: "kernel-driver" }).devices).toHaveLength(3);
    expect(simulatedHost(vtd(), { bound: "none" }).devices).toEqual([]);
  });
});
