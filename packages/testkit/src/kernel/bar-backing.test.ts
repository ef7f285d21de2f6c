// type1.md 2.4, 5.5: a BAR that is mapped, and given to Type1.

import { expect, test } from "vitest";
import { EFAULT, EINVAL } from "./errno.ts";
import { P } from "./testing/raw-client.ts";
import { DEVICE, enabled } from "./testing/ready.ts";

const BAR_PAGES = 256;
const COMMAND = (7n << 40n) + 4n;
const SET_LOW_POWER = new Uint8Array(Uint32Array.of(8, 0x2_0003).buffer);

function ready() {
  const made = enabled();
  const device = made.client.deviceFd(made.group, DEVICE);
  const bar = made.client.port.mapMemory({ length: BAR_PAGES * P, fd: device });
  if (typeof bar === "number") throw new Error(`mapMemory: ${bar}`);
  const map = () =>
    made.client.map(made.container, { vaddr: bar.address, iova: 0n, size: BAR_PAGES * P });
  return { ...made, device, bar, map };
}

test("section 2.4: a BAR is mapped and not counted as locked memory", () => {
  const { client, container, bar, map, host } = ready();
  expect(map()).toBe(0);
  expect([client.lockedPages(), host.inspect.pinnedPages()]).toEqual([0, BAR_PAGES]);
  expect(client.unmap(container, 0n, 0n, 2).size).toBe(BigInt(BAR_PAGES * P));
  expect(host.inspect.pinnedPages()).toBe(0);
  expect([bar.close(), bar.bytes.length]).toEqual([0, 0]);
});

test("case 56: without memory decode, or asleep, it cannot be faulted in", () => {
  const { client, device, map } = ready();
  client.port.writeAt(device, Uint8Array.of(0, 0), COMMAND);
  expect(map()).toBe(-EFAULT);
  client.port.writeAt(device, Uint8Array.of(2, 0), COMMAND);
  expect(client.ioctl(device, 17, SET_LOW_POWER)).toBe(0);
  expect(map()).toBe(-EFAULT);
});

test("section 5.5: an offset that is no page, and a file that cannot be mapped", () => {
  const { client, device, container } = ready();
  expect(client.port.mapMemory({ length: P, fd: device, offset: 4n })).toBe(-EINVAL);
  expect(client.port.mapMemory({ length: P, fd: container })).toBeLessThan(0);
});

test("section 1.7: the mapping keeps the device open, also when the process ends", () => {
  const { client, group, device, host } = ready();
  client.port.close(device);
  expect(client.unsetContainer(group)).toBeLessThan(0);
  host.kernel.processes[0]?.exit();
  expect(host.inspect.openDescriptors()).toEqual([]);
  expect(host.newProcess().port.open("/dev/vfio/2", "rw")).toBeGreaterThan(0);
});
