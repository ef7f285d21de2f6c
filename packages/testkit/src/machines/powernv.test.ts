import { describe, expect, test } from "vitest";
import { deviceReads, K, M, SpaprClient, W1 } from "../kernel/testing/spapr-client.ts";
import { powernv, powernv64k } from "./powernv.ts";
import { simulatedHost } from "./simulated-host.ts";

const DEVICE = "0000:00:02.0";

describe.each([
  ["powernv", powernv, 4096],
  ["powernv-64k", powernv64k, 65536],
] as const)("%s", (_, machine, pageSize) => {
  test("section 2.4: register, map, reach, unmap, in both windows; nothing is left", () => {
    const host = simulatedHost(machine());
    const client = new SpaprClient(host.port);
    const live = [host.memory.liveAllocations, host.inspect.tableFrames()];
    const container = client.port.open("/dev/vfio/vfio", "rw");
    const group = client.join(2, container);
    expect(client.ioctl(container, 2, 7)).toBe(0);
    const p = client.memory(M);
    p.bytes.set([1, 2, 3, 4, 5, 6, 7, 8], pageSize);
    expect(client.register(container, p.address, M)).toBe(0);
    expect(client.map(container, 3, p.address, 0x10_0000, M)).toBe(0);
    expect(deviceReads(host, DEVICE, 0x10_0000 + pageSize)).toBe("1 2 3 4 5 6 7 8");
    const window = client.create(container, 16, 1n << 36n, 2);
    expect(window).toEqual({ rc: 0, start: W1 });
    const far = W1 + (1n << 36n) - 65536n;
    expect(client.map(container, 3, p.address, far, 65536)).toBe(pageSize === 4096 ? -22 : 0);
    if (pageSize === 65536) {
      expect(deviceReads(host, DEVICE, far)).toBe(deviceReads(host, DEVICE, 0x10_0000));
      expect(host.dma(DEVICE).write(far + 8n, Uint8Array.of(9)).moved).toBe(1);
      expect(p.bytes[8]).toBe(9);
    }
    expect(client.unmap(container, 0x10_0000, M)).toBe(0);
    expect(deviceReads(host, DEVICE, 0x10_0000 + pageSize)).toBe("blocked");
    expect(client.port.close(group)).toBe(0);
    client.port.close(container);
    p.close();
    expect(client.lockedKilobytes()).toBe(0);
    expect([host.memory.liveAllocations, host.inspect.tableFrames()]).toEqual(live);
    expect(host.inspect.strayAccesses()).toEqual([]);
  });

  test("a device's name may fill one page of the host, its end mark included", () => {
    const client = new SpaprClient(simulatedHost(machine()).port);
    const group = client.port.open("/dev/vfio/2", "rw");
    const name = new Uint8Array(pageSize + 1).fill(0x78, 0, pageSize);
    expect(client.ioctl(group, 6, name)).toBe(-22);
    expect(client.ioctl(group, 6, name.subarray(1))).toBe(-19);
  });
});

test("section 2.1: what GET_INFO says of PHB4 and PHB3", () => {
  for (const [phb, sizes] of [
    ["phb4", 0x40211000n],
    ["phb3", 0x11011000n],
  ] as const) {
    const client = new SpaprClient(simulatedHost(powernv({ phb })).port);
    const { rc, view } = client.info(client.ready(2, 2));
    expect(rc).toBe(0);
    expect([view.getUint32(4, true), view.getUint32(8, true), view.getUint32(12, true)]).toEqual([
      1, 0, 0x8000_0000,
    ]);
    expect(view.getBigUint64(16, true)).toBe(sizes);
    expect([view.getUint32(24, true), view.getUint32(28, true)]).toEqual([2, 5]);
  }
});

test("the kernel's own bypass ends with the claim and comes back after it", () => {
  const host = simulatedHost(powernv());
  const client = new SpaprClient(host.port);
  const memory = client.memory(K);
  memory.bytes.fill(7);
  const frame = host.process.memory.pin(Number(memory.address / 4096n), 1, "read")?.frame ?? 0;
  const bypass = W1 + BigInt(frame) * 4096n;
  expect(deviceReads(host, DEVICE, bypass)).toBe("7 7 7 7 7 7 7 7");
  const group = client.join(2, client.port.open("/dev/vfio/vfio", "rw"));
  expect(deviceReads(host, DEVICE, bypass)).toBe("blocked");
  expect(client.leave(group)).toBe(0);
  expect(deviceReads(host, DEVICE, bypass)).toBe("7 7 7 7 7 7 7 7");
  const without = simulatedHost(powernv({ hostBypass: "off" }));
  expect(deviceReads(without, DEVICE, W1 + (1n << 32n))).toBe("blocked");
});
