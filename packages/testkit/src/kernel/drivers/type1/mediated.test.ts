// type1.md 2.9: groups with and without an IOMMU in one container.

import { expect, test } from "vitest";
import { simulatedHost } from "../../../machines/simulated-host.ts";
import { vtd } from "../../../machines/vtd.ts";
import { EBUSY, EFAULT, EINVAL } from "../../errno.ts";
import { P, RawClient } from "../../testing/raw-client.ts";

const MEDIATED = 5;
const PHYSICAL = 2;
const AT = 0x10000n;

function ready() {
  const host = simulatedHost(vtd(), { mediatedGroup: "present" });
  const client = new RawClient(host.port);
  const [container, mediated] = [client.openContainer(), client.openGroup(MEDIATED)];
  const physical = client.openGroup(PHYSICAL);
  expect(client.setContainer(mediated, container)).toBe(0);
  expect(client.setIommu(container, 3)).toBe(0);
  const memory = client.memory(4);
  const request = { vaddr: memory.address, iova: AT, size: 4 * P };
  return { host, client, container, mediated, physical, request };
}

test("behavior: the first physical group pins what was mapped before it", () => {
  const { host, client, container, physical, request } = ready();
  expect([client.map(container, request), client.lockedPages()]).toEqual([0, 0]);
  expect(client.setContainer(physical, container)).toBe(0);
  expect(client.lockedPages()).toBe(4);
  expect(host.dma("0000:00:02.0").write(AT, Uint8Array.of(1)).moved).toBe(1);
});

test("error: a group that cannot pin what is mapped stays out, and nothing is pinned", () => {
  const { host, client, container, physical, request } = ready();
  client.map(container, request);
  client.map(container, { vaddr: 0x1000n, iova: 0x50000n, size: P });
  expect(client.setContainer(physical, container)).toBe(-EFAULT);
  expect([client.lockedPages(), host.inspect.pinnedPages()]).toEqual([0, 0]);
  expect(host.dma("0000:00:02.0").write(AT, Uint8Array.of(1)).moved).toBe(0);
});

test("behavior: without its last physical group nothing is pinned, and every address is valid", () => {
  const { host, client, container, physical, request } = ready();
  client.map(container, request);
  client.setContainer(physical, container);
  expect(client.unsetContainer(physical)).toBe(0);
  expect([client.lockedPages(), host.inspect.pinnedPages()]).toEqual([0, 0]);
  const { view } = client.info(container, 256);
  expect(view.getBigUint64(8, true)).toBe(0xffff_ffff_ffff_f000n);
  expect([88, 96].map((at) => view.getBigUint64(at, true))).toEqual([0n, 2n ** 64n - 1n]);
  expect(client.unmap(container, AT, 4 * P).size).toBe(BigInt(4 * P));
});

test("behavior: what a group that left may have written is reported once", () => {
  const { client, container, physical, request } = ready();
  client.map(container, request);
  client.setContainer(physical, container);
  expect(client.dirty(container, 1)).toBe(0);
  client.unsetContainer(physical);
  const bitmap = client.memory(1);
  const get = () => {
    bitmap.bytes.fill(0);
    client.getDirty(container, { iova: AT, size: 4 * P, data: bitmap.address });
    return bitmap.bytes[0];
  };
  expect([get(), get()]).toEqual([0xf, 0]);
});

test("section 2.6: the checks of the flags come before mediated devices, the range after", () => {
  const { client, container } = ready();
  expect(client.unmap(container, 1n, P, 4).rc).toBe(-EBUSY);
  expect(client.unmap(container, AT, P, 5).rc).toBe(-EINVAL);
});

test("behavior: the last group takes the mappings with it", () => {
  const { host, client, container, mediated, request } = ready();
  client.map(container, request);
  expect(client.unsetContainer(mediated)).toBe(0);
  expect(client.setContainer(mediated, container)).toBe(0);
  expect([client.setIommu(container, 1), client.map(container, request)]).toEqual([0, 0]);
  expect(host.port.list("/sys/kernel/iommu_groups/5/devices")).toHaveLength(1);
  expect(host.port.readText("/sys/kernel/iommu_groups/5/reserved_regions")).toBe("");
});
