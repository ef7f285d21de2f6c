// The whole way once: open, attach, map, a device copies, unmap, and then it is stopped.

import { expect, test } from "vitest";
import { simulatedHost } from "../machines/simulated-host.ts";
import { vtd } from "../machines/vtd.ts";
import { P, RawClient } from "./testing/raw-client.ts";

const DMA = { source: 0x80n, destination: 0x88n, count: 0x90n, command: 0x98n };
const EDU_BUFFER = 0x40000n;

function dword(value: bigint): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, value, true);
  return bytes;
}

test("behavior: a device copies through the mapping and faults after unmap", () => {
  const host = simulatedHost(vtd());
  const client = new RawClient(host.port);
  const container = client.openContainer();
  const group = client.openGroup(2);
  expect(client.setContainer(group, container)).toBe(0);
  expect(client.setIommu(container, 3)).toBe(0);
  const memory = client.memory(2);
  memory.bytes.fill(0x5a, 0, P);
  expect(client.map(container, { vaddr: memory.address, iova: 0x10000n, size: 2 * P })).toBe(0);
  const device = client.deviceFd(group, "0000:00:02.0");
  expect(device).toBeGreaterThan(2);
  expect(client.port.writeAt(device, Uint8Array.of(6, 0), (7n << 40n) + 4n)).toBe(2);
  const transfer = (source: bigint, destination: bigint, command: bigint) => {
    client.port.writeAt(device, dword(source), DMA.source);
    client.port.writeAt(device, dword(destination), DMA.destination);
    client.port.writeAt(device, dword(256n), DMA.count);
    client.port.writeAt(device, dword(command), DMA.command);
  };
  transfer(0x10000n, EDU_BUFFER, 1n);
  transfer(EDU_BUFFER, 0x11000n, 3n);
  expect([...memory.bytes.subarray(P, P + 256)]).toEqual(new Array(256).fill(0x5a));
  expect(host.inspect.faults()).toEqual([]);
  expect(client.unmap(container, 0x10000n, 2 * P)).toEqual({ rc: 0, size: 0x2000n });
  transfer(EDU_BUFFER, 0x11000n, 3n);
  expect(host.inspect.faults()).toHaveLength(1);
  expect(host.inspect.strayAccesses()).toEqual([]);
  expect(host.inspect.lockedBytes()).toBe(0);
});
