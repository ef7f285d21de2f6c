// type1.md 2.9, 3.4 and 3.5: a second group joins, is refused, or gets a domain of its own.

import { expect, test } from "vitest";
import { EINVAL } from "../../errno.ts";
import { P } from "../../testing/raw-client.ts";
import {
  attached,
  DEVICE,
  enabled,
  OTHER_DEVICE,
  OTHER_GROUP,
  opened,
} from "../../testing/ready.ts";

const OTHER_REQUESTER = 0x18;

test("a reserved region of the newcomer under a mapping refuses it, and changes nothing", () => {
  const extraRegions = new Map([
    [OTHER_REQUESTER, [{ first: 0x100, last: 0x1ff, type: "reserved" as const }]],
  ]);
  const { client, container, host } = enabled(3, {}, { extraRegions });
  const memory = client.memory(1);
  const request = { vaddr: memory.address, iova: 0x180000n, size: P };
  expect(client.map(container, request)).toBe(0);
  const frames = host.inspect.tableFrames();
  const other = client.openGroup(OTHER_GROUP);
  expect(client.setContainer(other, container)).toBe(-EINVAL);
  expect(host.inspect.tableFrames()).toBe(frames);
  expect(client.status(other).flags).toBe(1);
  expect(host.dma(OTHER_DEVICE).read(0x180000n, new Uint8Array(1)).moved).toBe(0);
  expect(client.unmap(container, 0x180000n, P).rc).toBe(0);
  expect(client.setContainer(other, container)).toBe(0);
  expect(client.map(container, request)).toBe(-EINVAL);
  expect(client.unsetContainer(other)).toBe(0);
  expect(client.map(container, request)).toBe(0);
});

test("section 3.4: a direct region keeps a group out of every container", () => {
  const extraRegions = new Map([
    [OTHER_REQUESTER, [{ first: 0x100, last: 0x1ff, type: "direct" as const }]],
  ]);
  const { client, container } = opened({}, { extraRegions });
  const other = client.openGroup(OTHER_GROUP);
  expect(client.setContainer(other, container)).toBe(-EINVAL);
  expect(client.status(other).flags).toBe(1);
});

test("groups attached before SET_IOMMU share the mappings made after", () => {
  const { client, container, host } = attached();
  expect(client.setContainer(client.openGroup(OTHER_GROUP), container)).toBe(0);
  expect(client.setIommu(container, 3)).toBe(0);
  const memory = client.memory(1);
  expect(client.map(container, { vaddr: memory.address, iova: 0n, size: P })).toBe(0);
  host.dma(DEVICE).write(0n, Uint8Array.of(1));
  host.dma(OTHER_DEVICE).write(1n, Uint8Array.of(2));
  expect([...memory.bytes.subarray(0, 2)]).toEqual([1, 2]);
});
