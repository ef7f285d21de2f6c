// type1.md 7.5, by case number: changing the memory behind live mappings.

import { expect, test } from "vitest";
import { EBUSY, EEXIST, EINVAL, ENOENT, ENOMEM } from "../../errno.ts";
import { P, RawClient } from "../../testing/raw-client.ts";
import { DEVICE, enabled, OTHER_GROUP } from "../../testing/ready.ts";

const VADDR = 4;
const ALL = 2;
const IOVA = 0x10000n;

function ready() {
  const made = enabled();
  const memory = made.client.memory(64);
  const request = { vaddr: memory.address, iova: IOVA, size: 4 * P };
  expect(made.client.map(made.container, request)).toBe(0);
  const remap = (change: Partial<typeof request> = {}) =>
    made.client.map(made.container, { ...request, ...change, flags: VADDR });
  const invalidate = () => made.client.unmap(made.container, IOVA, 4 * P, VADDR);
  return { ...made, memory, request, remap, invalidate };
}

test("case 85: a valid mapping is EINVAL, no mapping ENOENT", () => {
  const { remap } = ready();
  expect([remap(), remap({ iova: 0n })]).toEqual([-EINVAL, -ENOENT]);
});

test("case 86: invalidating reports the size, twice is EINVAL", () => {
  const { invalidate, host } = ready();
  expect(invalidate()).toEqual({ rc: 0, size: 4n * BigInt(P) });
  expect(invalidate()).toEqual({ rc: -EINVAL, size: 4n * BigInt(P) });
  expect(host.inspect.mappings()).toHaveLength(1);
});

test("section 2.7: a call that meets an invalid mapping undoes its own part", () => {
  const { client, container, invalidate, memory, remap } = ready();
  const before = { vaddr: memory.address, iova: 0n, size: P };
  expect(client.map(container, before)).toBe(0);
  expect(invalidate().rc).toBe(0);
  expect(client.unmap(container, 0n, 0n, VADDR | ALL).rc).toBe(-EINVAL);
  expect(client.map(container, { ...before, flags: VADDR })).toBe(-EINVAL);
  expect(remap()).toBe(0);
  expect(client.unmap(container, 0n, 0n, VADDR | ALL).size).toBe(5n * BigInt(P));
});

test("case 88: only the exact range, and a page-aligned address", () => {
  const { invalidate, memory, remap } = ready();
  invalidate();
  expect(remap({ size: P })).toBe(-EINVAL);
  expect(remap({ iova: IOVA + BigInt(P) })).toBe(-EINVAL);
  expect(remap({ vaddr: memory.address + 1n })).toBe(-EINVAL);
  expect(remap({ vaddr: memory.address + BigInt(8 * P) })).toBe(0);
});

test("case 89: the new address is not looked at, and DMA goes to the old pages", () => {
  const { host, invalidate, memory, remap } = ready();
  invalidate();
  expect(remap({ vaddr: 0x1000n })).toBe(0);
  host.dma(DEVICE).write(IOVA, Uint8Array.of(8));
  expect(memory.bytes[0]).toBe(8);
  expect(host.inspect.mappings()[0]?.vaddr).toBe(0x1000n);
});

test("case 90 and 91: what works while a mapping is invalid, and what does not", () => {
  const { client, container, invalidate, request } = ready();
  invalidate();
  const other = client.openGroup(OTHER_GROUP);
  expect(client.setContainer(other, container)).toBe(-EBUSY);
  expect(client.status(other).flags).toBe(1);
  expect(client.map(container, { ...request, iova: 0x90000n })).toBe(0);
  expect(client.map(container, request)).toBe(-EEXIST);
  expect(client.info(container, 256).rc).toBe(0);
  expect(client.unmap(container, IOVA, 4 * P).rc).toBe(0);
  expect(client.setContainer(other, container)).toBe(0);
});

test("section 2.7: a mapping that cuts the range is EINVAL, an empty one is no error", () => {
  const { client, container } = ready();
  expect(client.unmap(container, IOVA, P, VADDR).rc).toBe(-EINVAL);
  expect(client.unmap(container, 0n, P, VADDR)).toEqual({ rc: 0, size: 0n });
});

test("section 2.7: the accounting moves to the process that gives the address", () => {
  const { client, container, host, invalidate, request } = ready();
  const heir = new RawClient(host.newProcess({}, host.process).port);
  const poor = new RawClient(host.newProcess({ uid: 1, lockedMemoryLimit: P }, host.process).port);
  invalidate();
  expect(poor.map(container, { ...request, flags: VADDR })).toBe(-ENOMEM);
  expect(heir.map(container, { ...request, flags: VADDR })).toBe(0);
  expect([client.lockedPages(), heir.lockedPages()]).toEqual([0, 4]);
});
