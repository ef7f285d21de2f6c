// type1.md 7.3, by case number: MAP_DMA, its order of checks, pinning and accounting.

import { describe, expect, test } from "vitest";
import { EEXIST, EFAULT, EINVAL, ENOMEM, ENOSPC } from "../../errno.ts";
import { P, RawClient } from "../../testing/raw-client.ts";
import { DEVICE, enabled, limitedTo } from "../../testing/ready.ts";

/** E2 with 64 pages of memory, and a map at that memory. */
function ready(...options: Parameters<typeof enabled>) {
  const made = enabled(...options);
  const memory = made.client.memory(64);
  const map = (iova: bigint, size: number | bigint, vaddr = memory.address, flags = 3) =>
    made.client.map(made.container, { vaddr, iova, size, flags });
  return { ...made, memory, map };
}

describe("the request", () => {
  test.each([
    ["argsz 31", { argsz: 31 }],
    ["flags 8", { flags: 8 }],
    ["flags 0", { flags: 0 }],
    ["flags 5", { flags: 5 }],
    ["flags 6", { flags: 6 }],
  ])("case 42: %s is EINVAL", (_name, change) => {
    const { client, container, memory } = ready();
    const request = { vaddr: memory.address, iova: 0n, size: P };
    expect(client.map(container, { ...request, ...change })).toBe(-EINVAL);
    expect(client.map(container, request)).toBe(0);
  });

  test.each([
    ["size 0", 0n, 0n, 0n],
    ["size 1", 1n, 0n, 0n],
    ["size 4097", 4097n, 0n, 0n],
    ["iova 1", 4096n, 1n, 0n],
    ["vaddr 1", 4096n, 0n, 1n],
  ])("case 43: %s is EINVAL", (_name, size, iova, shift) => {
    const { map, memory } = ready();
    expect(map(iova, size, memory.address + shift)).toBe(-EINVAL);
  });

  test("section 2.3 step 5: a wrapped range is EINVAL, bytes beyond argsz are ignored", () => {
    const { client, container, map, memory } = ready();
    expect(map(0n - 0n + 0xffff_ffff_ffff_f000n, 2 * P)).toBe(-EINVAL);
    expect(map(0n, 2 * P, 0xffff_ffff_ffff_f000n)).toBe(-EINVAL);
    const request = { vaddr: memory.address, iova: 0n, size: P, argsz: 4000 };
    expect(client.map(container, request)).toBe(0);
  });

  test("section 0.2: a short buffer is EFAULT before any check", () => {
    const { client, container } = ready();
    expect(client.ioctl(container, 13, new Uint8Array(31))).toBe(-EFAULT);
    expect(client.ioctl(container, 13, 0)).toBe(-EFAULT);
  });
});

describe("the range", () => {
  test("case 45: overlap is EEXIST, neighbours are fine", () => {
    const { map } = ready();
    expect(map(0x10000000n, P)).toBe(0);
    expect([map(0x0ffff000n, 2 * P), map(0x0ffff000n, P), map(0x10001000n, P)]).toEqual([
      -EEXIST,
      0,
      0,
    ]);
  });

  test("section 2.10: a range that ends at 2^64 overlaps nothing, and is then out of range", () => {
    const { client, container } = enabled();
    const vaddr = client.memory(1).address;
    expect(client.map(container, { vaddr, iova: 0x10000n, size: P })).toBe(0);
    const rest = { vaddr: 0x1000n, iova: 0x1000n, size: 2n ** 64n - 0x1000n };
    expect(client.map(container, rest)).toBe(-EINVAL);
    expect(client.map(container, { ...rest, size: 2n ** 64n - 0x2000n })).toBe(-EEXIST);
  });

  test("case 46: overlap wins over a reserved range", () => {
    const { map } = ready();
    expect(map(0x10001000n, P)).toBe(0);
    expect(map(0x10001000n, 0xef000000n)).toBe(-EEXIST);
  });

  test.each([
    [0xfee00000n, -EINVAL],
    [0xfeeff000n, -EINVAL],
    [0xfedff000n, 0],
    [0xfef00000n, 0],
  ])("case 47: a page at %x beside the MSI window answers %i", (iova, expected) => {
    expect(ready().map(iova, P)).toBe(expected);
  });

  test("case 48: a reserved range wins over a bad vaddr", () => {
    expect(ready().map(0xfee00000n, P, 0x1000n)).toBe(-EINVAL);
  });

  test("case 49: the last page of the aperture, and the first after it", () => {
    const { map, memory, host } = ready();
    memory.bytes[7] = 0x31;
    expect(map(0x7f_ffff_f000n, P)).toBe(0);
    expect(map(0x80_0000_0000n, P)).toBe(-EINVAL);
    expect(map(0x7f_ffff_e000n, 2 * P)).toBe(-EEXIST);
    const seen = new Uint8Array(1);
    host.dma(DEVICE).read(0x7f_ffff_f007n, seen);
    expect(seen[0]).toBe(0x31);
  });
});

describe("pinning", () => {
  test("case 50: an address that is not mapped, or the kernel's, is EFAULT", () => {
    const { map } = ready();
    expect(map(0n, P, 0x1000n)).toBe(-EFAULT);
    expect(map(0n, P, 0xffff_8880_0000_0000n)).toBe(-EFAULT);
    expect(map(0n, P)).toBe(0);
  });

  test.each([
    ["case 51: read-only memory, WRITE", "read", 2, -EFAULT],
    ["case 51: read-only memory, READ", "read", 1, 0],
    ["section 2.4: read-only memory, both", "read", 3, -EFAULT],
    ["case 52: no protection, READ", "none", 1, -EFAULT],
    ["section 2.4: no protection, WRITE", "none", 2, -EFAULT],
    ["case 52: write-only memory, READ", "write", 1, -EFAULT],
    ["section 2.4: write-only memory, WRITE", "write", 2, 0],
    ["section 2.4: read-write memory, READ", "read-write", 1, 0],
  ] as const)("%s", (_name, protection, flags, expected) => {
    const { client, container } = enabled();
    const memory = client.memory(1, protection);
    const request = { vaddr: memory.address, iova: 0n, size: P, flags };
    expect(client.map(container, request)).toBe(expected);
  });

  test("case 53: a hole in the middle undoes everything before it", () => {
    const { client, container, host } = enabled();
    // mmap goes downwards, so these three lie next to each other.
    const [upper, hole, lower] = [client.memory(3), client.memory(1), client.memory(4)];
    expect(upper.address - lower.address).toBe(5n * BigInt(P));
    hole.close();
    const before = [client.available(container), client.lockedPages(), host.inspect.tableFrames()];
    const request = { vaddr: lower.address, iova: 0x10000n, size: 8 * P };
    expect(client.map(container, request)).toBe(-EFAULT);
    expect([client.available(container), client.lockedPages()]).toEqual(before.slice(0, 2));
    expect(host.dma(DEVICE).read(0x10000n, new Uint8Array(1)).faults).toHaveLength(1);
    expect(client.map(container, { ...request, size: 4 * P })).toBe(0);
  });

  test("section 2.4: one mapping may span two areas", () => {
    const { client, container, host } = enabled();
    const [upper, lower] = [client.memory(2), client.memory(2)];
    upper.bytes[0] = 9;
    expect(client.map(container, { vaddr: lower.address, iova: 0n, size: 4 * P })).toBe(0);
    const seen = new Uint8Array(1);
    host.dma(DEVICE).read(2n * BigInt(P), seen);
    expect(seen[0]).toBe(9);
  });

  test("the access that was asked for is the access that a device has", () => {
    const { host, map, memory } = ready();
    expect(map(0n, P, memory.address, 1)).toBe(0);
    expect(map(0x1000n, P, memory.address + 0x1000n, 2)).toBe(0);
    const device = host.dma(DEVICE);
    expect(device.read(0n, new Uint8Array(1)).moved).toBe(1);
    expect(device.write(0n, Uint8Array.of(1)).faults).toHaveLength(1);
    expect(device.write(0x1000n, Uint8Array.of(5)).moved).toBe(1);
    expect([memory.bytes[0], memory.bytes[P]]).toEqual([0, 5]);
  });

  test("munmap of pinned memory keeps the frames until they are unmapped for the device", () => {
    const { client, container, host, map, memory } = ready();
    expect(map(0n, 2 * P)).toBe(0);
    memory.bytes[0] = 0x42;
    expect(memory.close()).toBe(0);
    expect(memory.bytes).toHaveLength(0);
    const seen = new Uint8Array(1);
    host.dma(DEVICE).read(0n, seen);
    expect(seen[0]).toBe(0x42);
    expect(host.memory.liveAllocations).toBe(1);
    expect(client.unmap(container, 0n, 2 * P).rc).toBe(0);
    expect(host.memory.liveAllocations).toBe(0);
    expect(host.inspect.strayAccesses()).toEqual([]);
  });
});

describe("limits", () => {
  test("case 60: the entry limit is sampled at SET_IOMMU, and EEXIST comes before it", () => {
    const { client, container, map } = ready(3, { parameters: { dmaEntryLimit: 3 } });
    const parameter = "/sys/module/vfio_iommu_type1/parameters/dma_entry_limit";
    expect(client.port.writeText(parameter, "10")).toBe(2);
    expect([0n, 1n, 2n].map((page) => map(page << 12n, P))).toEqual([0, 0, 0]);
    expect(map(0x3000n, P)).toBe(-ENOSPC);
    expect(map(0x2000n, P)).toBe(-EEXIST);
    expect(map(0xfee00000n, P)).toBe(-ENOSPC);
    expect(client.available(container)).toBe(0);
    expect(client.unmap(container, 0n, P).rc).toBe(0);
    expect(map(0x3000n, P)).toBe(0);
  });

  test("case 62: one page more than the limit is ENOMEM, and nothing stays", () => {
    const { client, map } = ready(3, limitedTo(8));
    expect(map(0n, 9 * P)).toBe(-ENOMEM);
    expect(client.lockedPages()).toBe(0);
    expect(map(0n, 8 * P)).toBe(0);
    expect(client.lockedPages()).toBe(8);
    expect(map(0x10000n, P)).toBe(-ENOMEM);
  });

  test("case 63: a page counts once for each mapping", () => {
    const { client, container, map } = ready(3, limitedTo(8));
    const pages = [0n, 1n, 2n, 3n, 4n, 5n, 6n, 7n];
    expect(pages.map((page) => map(page << 12n, P))).toEqual(new Array(8).fill(0));
    expect(map(0x8000n, P)).toBe(-ENOMEM);
    expect(client.unmap(container, 0n, P).rc).toBe(0);
    expect(map(0x8000n, P)).toBe(0);
  });

  test("case 64: limit 0 refuses every page; CAP_IPC_LOCK lifts it and still counts", () => {
    expect(ready(3, limitedTo(0)).map(0n, P)).toBe(-ENOMEM);
    const root = ready(3, { process: { lockedMemoryLimit: 0 } });
    expect(root.map(0n, 4 * P)).toBe(0);
    expect(root.client.lockedPages()).toBe(4);
  });

  test("section 2.5: an earlier hole wins over the limit, a later one does not", () => {
    for (const [limit, expected] of [
      [8, -EFAULT],
      [2, -ENOMEM],
    ]) {
      const { client, container } = enabled(3, limitedTo(limit ?? 0));
      const memory = client.memory(4);
      const request = { vaddr: memory.address, iova: 0n, size: 20 * P };
      expect(client.map(container, request)).toBe(expected);
      expect(client.lockedPages()).toBe(0);
    }
  });

  test("/proc/self/limits shows the limit", () => {
    const { client } = ready(3, limitedTo(8));
    expect(client.port.readText("/proc/self/limits")).toMatch(/^Max locked memory +32768 +32768/m);
  });
});

describe("several processes", () => {
  test("case 65: a child's mapping outlives it and another may unmap it", () => {
    const { client, container, host } = enabled();
    const child = host.newProcess({}, host.process);
    const other = new RawClient(child.port);
    const memory = other.memory(16);
    const request = { vaddr: memory.address, iova: 0n, size: 16 * P };
    expect(other.map(container, request)).toBe(0);
    expect([other.lockedPages(), client.lockedPages()]).toEqual([16, 0]);
    child.exit();
    const mine = client.memory(16);
    expect(client.map(container, { ...request, vaddr: mine.address })).toBe(-EEXIST);
    expect(host.dma(DEVICE).write(0n, Uint8Array.of(1)).moved).toBe(1);
    expect(client.unmap(container, 0n, 16 * P)).toEqual({ rc: 0, size: 0x10000n });
    expect(host.inspect.pinnedPages()).toBe(0);
    expect(host.inspect.strayAccesses()).toEqual([]);
  });

  test("the limit is the caller's own", () => {
    const { client, container, host } = enabled();
    const small = new RawClient(
      host.newProcess({ uid: 1, lockedMemoryLimit: P }, host.process).port,
    );
    const memory = small.memory(2);
    const request = { vaddr: memory.address, iova: 0n, size: 2 * P };
    expect(small.map(container, request)).toBe(-ENOMEM);
    expect(client.map(container, request)).toBe(-EFAULT);
  });
});

describe("huge pages", () => {
  test("section 3.3: disable_hugepages maps single pages of contiguous memory", () => {
    const tables = (disableHugepages: boolean) => {
      const { client, container, host } = enabled(
        3,
        { parameters: { disableHugepages } },
        { memoryLayout: "contiguous" },
      );
      const memory = client.memory(1024);
      const request = { vaddr: memory.address, iova: 0x40000000n, size: 1024 * P };
      const before = host.inspect.tableFrames();
      expect(client.map(container, request)).toBe(0);
      expect(host.dma(DEVICE).read(0x40000000n, new Uint8Array(1024 * P)).moved).toBe(1024 * P);
      return host.inspect.tableFrames() - before;
    };
    expect(tables(true)).toBe(tables(false) + 2);
  });

  test("a huge page is one run, and its bytes are reached at once", () => {
    const { client, container, host } = enabled();
    const size = 2 * 1024 * 1024;
    const memory = client.port.mapMemory({ length: size, pageSize: size });
    if (typeof memory === "number") throw new Error(`mapMemory: ${memory}`);
    expect(Number(memory.address) % size).toBe(0);
    const before = host.inspect.tableFrames();
    const request = { vaddr: memory.address, iova: 0x40000000n, size };
    expect(client.map(container, request)).toBe(0);
    expect(host.inspect.tableFrames() - before).toBeLessThan(4);
    host.dma(DEVICE).write(0x40000000n + BigInt(size - 1), Uint8Array.of(6));
    expect(memory.bytes[size - 1]).toBe(6);
  });

  test("the pool is finite, and a size that no pool has is EINVAL", () => {
    const size = 2 * 1024 * 1024;
    const { client } = enabled(3, {}, { hugePages: new Map([[size, 1]]) });
    const first = client.port.mapMemory({ length: 1, pageSize: size });
    expect(client.port.mapMemory({ length: 1, pageSize: size })).toBe(-ENOMEM);
    expect(client.port.mapMemory({ length: 1, pageSize: 65536 })).toBe(-EINVAL);
    if (typeof first !== "number") first.close();
    expect(client.port.mapMemory({ length: 1, pageSize: size })).toBeTypeOf("object");
  });
});
