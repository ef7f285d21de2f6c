// type1.md 7.4, by case number: UNMAP_DMA of versions 1 and 2.

import { describe, expect, test } from "vitest";
import { EFAULT, EINVAL } from "../../errno.ts";
import { P, RawClient } from "../../testing/raw-client.ts";
import { DEVICE, enabled } from "../../testing/ready.ts";

const ALL = 2;
const WHOLE = 0x1_0000_0000_0000_0000n;
const PAGE = BigInt(P);

/** E2 or E1 with mappings of the given pages, all of one memory. */
function ready(mappings: readonly (readonly [bigint, number])[], value: 1 | 3 = 3) {
  const made = enabled(value);
  const memory = made.client.memory(64);
  for (const [iova, pages] of mappings) {
    const request = { vaddr: memory.address, iova, size: pages * P };
    expect(made.client.map(made.container, request)).toBe(0);
  }
  const unmap = (iova: bigint, size: bigint | number, flags = 0, argsz = 24) =>
    made.client.unmap(made.container, iova, size, flags, argsz);
  const live = () => made.host.inspect.mappings().map((mapping) => mapping.iova);
  return { ...made, memory, unmap, live };
}

describe("the request", () => {
  test("case 69: nothing there is success with size 0", () => {
    expect(ready([]).unmap(0n, P)).toEqual({ rc: 0, size: 0n });
  });

  test("case 70: an error leaves the size field", () => {
    expect(ready([]).unmap(1n, P)).toEqual({ rc: -EINVAL, size: PAGE });
  });

  test.each([
    ["size 0", 0n, 0n, 0, 24],
    ["size P+1", 0n, PAGE + 1n, 0, 24],
    ["a range that wraps", 0x2000n, WHOLE - PAGE, 0, 24],
    ["argsz 23", 0n, PAGE, 0, 23],
    ["flags 8", 0n, PAGE, 8, 24],
    ["ALL with a size", 0n, PAGE, ALL, 24],
    ["ALL with an iova", PAGE, 0n, ALL, 24],
    ["dirty bitmap with ALL", 0n, 0n, 3, 48],
    ["dirty bitmap with VADDR", 0n, PAGE, 5, 48],
  ])("case 71: %s is EINVAL", (_name, iova, size, flags, argsz) => {
    const { unmap, live } = ready([[0n, 1]]);
    expect(unmap(iova, size, flags, argsz)).toEqual({ rc: -EINVAL, size });
    expect(live()).toEqual([0n]);
  });

  test("section 0.2: a short buffer is EFAULT", () => {
    const { client, container } = ready([]);
    expect(client.ioctl(container, 14, new Uint8Array(23))).toBe(-EFAULT);
  });
});

describe("version 2", () => {
  test("cases 72 to 74: ranges that cut a mapping are refused, ranges around are not", () => {
    const { unmap, live } = ready([
      [0x10000n, 4],
      [0x20000n, 4],
    ]);
    const cuts: readonly (readonly [bigint, number])[] = [
      [0x11000n, 1],
      [0x10000n, 1],
      [0x11000n, 3],
      [0xf000n, 2],
      [0x12000n, 0x20],
    ];
    for (const [iova, pages] of cuts) expect(unmap(iova, pages * P).rc).toBe(-EINVAL);
    expect(live()).toEqual([0x10000n, 0x20000n]);
    expect(unmap(0xf000n, 0x20000)).toEqual({ rc: 0, size: 8n * PAGE });
    expect(live()).toEqual([]);
  });

  test("case 75: a range to exactly 2^64 unmaps nothing, and says so", () => {
    const { unmap, live } = ready([[0x10000n, 4]]);
    expect(unmap(0x1000n, WHOLE - PAGE)).toEqual({ rc: 0, size: 0n });
    expect(live()).toEqual([0x10000n]);
  });

  test("case 76: from 0 to one page before 2^64 unmaps everything", () => {
    const { unmap } = ready([[0x10000n, 4]]);
    expect(unmap(0n, WHOLE - PAGE)).toEqual({ rc: 0, size: 4n * PAGE });
  });

  test("case 78: ALL takes everything once, then nothing", () => {
    const { unmap, client, container } = ready([
      [0x10000n, 4],
      [0x7f_ffff_f000n, 1],
    ]);
    expect(unmap(0n, 0n, ALL)).toEqual({ rc: 0, size: 5n * PAGE });
    expect(unmap(0n, 0n, ALL)).toEqual({ rc: 0, size: 0n });
    expect([client.lockedPages(), client.available(container)]).toEqual([0, 65535]);
  });

  test("case 79: a page inside a mapping of a large page", () => {
    const { client, container } = enabled(3, {}, { memoryLayout: "contiguous" });
    const memory = client.memory(1024);
    const request = { vaddr: memory.address, iova: 0x40000000n, size: 1024 * P };
    expect(client.map(container, request)).toBe(0);
    expect(client.unmap(container, 0x40001000n, P).rc).toBe(-EINVAL);
    expect(client.unmap(container, 0x40000000n, 1024 * P).size).toBe(1024n * PAGE);
  });

  test("case 84: a struct in read-only memory is EFAULT after the unmap was done", () => {
    const { client, container, live, memory } = ready([[0n, 1]]);
    const page = client.memory(1, "read");
    const view = new DataView(page.bytes.buffer, page.bytes.byteOffset);
    view.setUint32(0, 24, true);
    view.setBigUint64(16, PAGE, true);
    expect(client.ioctl(container, 14, Number(page.address))).toBe(-EFAULT);
    expect(live()).toEqual([]);
    expect(client.map(container, { vaddr: memory.address, iova: 0n, size: P })).toBe(0);
  });

  test("what was unmapped is out of a device's reach, cached or not", () => {
    const { host, unmap } = ready([
      [0x10000n, 4],
      [0x14000n, 1],
    ]);
    const device = host.dma(DEVICE);
    expect(device.read(0x10000n, new Uint8Array(5 * P)).moved).toBe(5 * P);
    expect(unmap(0x10000n, 4 * P).size).toBe(4n * PAGE);
    expect(device.read(0x10000n, new Uint8Array(5 * P)).moved).toBe(P);
    expect(host.inspect.faults()).toHaveLength(4);
  });

  test("table frames are given back when the container goes", () => {
    const { host, client, container, group } = ready([[0x7f_0000_0000n, 4]]);
    client.port.close(container);
    client.port.close(group);
    const empty = enabled();
    expect(host.inspect.tableFrames()).toBeLessThan(empty.host.inspect.tableFrames() + 1);
  });
});

describe("version 1", () => {
  test("case 80: a middle page unmaps nothing", () => {
    const { unmap, live } = ready([[0x10000n, 4]], 1);
    expect(unmap(0x11000n, P)).toEqual({ rc: 0, size: 0n });
    expect(live()).toEqual([0x10000n]);
  });

  test("case 81: a start inside a mapping stops the walk before later mappings", () => {
    const { unmap, live } = ready(
      [
        [0x10000n, 4],
        [0x20000n, 4],
      ],
      1,
    );
    expect(unmap(0x12000n, 0x20000)).toEqual({ rc: 0, size: 0n });
    expect(live()).toEqual([0x10000n, 0x20000n]);
  });

  test("case 82: the first page takes the whole mapping", () => {
    const { unmap, live } = ready([[0x10000n, 4]], 1);
    expect(unmap(0x10000n, P)).toEqual({ rc: 0, size: 4n * PAGE });
    expect(live()).toEqual([]);
  });

  test("case 83: an end inside a mapping takes it whole", () => {
    const { unmap, live } = ready(
      [
        [0x10000n, 4],
        [0x20000n, 4],
      ],
      1,
    );
    expect(unmap(0xf000n, 0x12000)).toEqual({ rc: 0, size: 8n * PAGE });
    expect(live()).toEqual([]);
  });
});

test("many mappings: unmapping every other one leaves exactly the rest", () => {
  const iovas = Array.from({ length: 200 }, (_, index) => BigInt((index * 7919) % 200) << 12n);
  const { unmap, live } = ready(iovas.map((iova) => [iova, 1] as const));
  const odd = iovas.filter((iova) => (iova >> 12n) % 2n === 1n);
  for (const iova of odd) expect(unmap(iova, P).size).toBe(PAGE);
  expect(live()).toEqual(Array.from({ length: 100 }, (_, index) => BigInt(2 * index) << 12n));
});

test("a fork may unmap what its parent mapped, and the parent's count falls", () => {
  const { client, container, host } = ready([[0n, 4]]);
  const child = new RawClient(host.newProcess({}, host.process).port);
  expect(child.unmap(container, 0n, 4 * P).size).toBe(4n * PAGE);
  expect([client.lockedPages(), child.lockedPages()]).toEqual([0, 0]);
});
