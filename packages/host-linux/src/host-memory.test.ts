import fs from "node:fs";
import { join } from "node:path";
import type { HostMemory, MapMemoryRequest } from "@iommukit/core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { codeOf, type Scratch, scratch } from "../test/kernel-facts.ts";
import { mapMemory } from "./host-memory.ts";
import { linuxHost } from "./linux-host.ts";
import { libc } from "./native/libc.ts";
import { MAX_VIEW_LENGTH } from "./native/pointer.ts";

const port = linuxHost();
const page = port.abi.pageSize;
let files: Scratch;
beforeAll(() => {
  files = scratch();
});
afterAll(() => files.remove());

function mapped(request: MapMemoryRequest): HostMemory {
  const memory = port.mapMemory(request);
  if (typeof memory === "number") throw new Error(`mmap answered ${memory}`);
  return memory;
}

function inMaps(address: bigint): boolean {
  const maps = fs.readFileSync("/proc/self/maps", "utf8");
  return [...maps.matchAll(/^([0-9a-f]+)-([0-9a-f]+) /gm)].some(
    ([, start, end]) => BigInt(`0x${start}`) <= address && address < BigInt(`0x${end}`),
  );
}

test("default: aligned, zeroed, rounded up, writable, given back", () => {
  const memory = mapped({ length: page + 1 });
  expect(memory.address % BigInt(page)).toBe(0n);
  expect(memory.bytes).toHaveLength(2 * page);
  expect(memory.pageSize).toBe(page);
  expect(memory.bytes.every((byte) => byte === 0)).toBe(true);
  memory.bytes.fill(0xa5);
  expect(memory.bytes, "always the same view").toBe(memory.bytes);
  expect(inMaps(memory.address)).toBe(true);
  expect(memory.close()).toBe(0);
  expect(memory.close()).toBe(0);
  expect(codeOf(() => memory.bytes)).toBe("closed");
});

test("behavior: without a view the range leaves the process on every Node", () => {
  const memory = mapped({ length: 64 * page });
  memory.close();
  expect(inMaps(memory.address)).toBe(false);
});

test("behavior: the kernel and the view see the same bytes", () => {
  const memory = mapped({ length: page });
  const fd = port.open("/proc/self/mem", "rw");
  memory.bytes[7] = 0x42;
  const byte = new Uint8Array(1);
  expect(port.readAt(fd, byte, memory.address + 7n)).toBe(1);
  expect(byte[0]).toBe(0x42);
  expect(port.writeAt(fd, new Uint8Array([0x77]), memory.address + 9n)).toBe(1);
  expect(memory.bytes[9]).toBe(0x77);
  port.close(fd);
  memory.close();
});

test("behavior: anonymous memory is not copied into children", () => {
  const memory = mapped({ length: 4 * page });
  const smaps = fs.readFileSync("/proc/self/smaps", "utf8");
  const entry = smaps.slice(smaps.indexOf(`${memory.address.toString(16)}-`));
  // `dc` is VM_DONTCOPY, set by MADV_DONTFORK.
  expect(/^VmFlags:(.*)$/m.exec(entry)?.[1]?.split(" ")).toContain("dc");
  memory.close();
});

test("behavior: huge pages, or the kernel's refusal when its pool is empty", () => {
  const memory = port.mapMemory({ length: 1, pageSize: 2 * 1024 * 1024 });
  const free = Number(
    /HugePages_Free:\s+(\d+)/.exec(fs.readFileSync("/proc/meminfo", "utf8"))?.[1],
  );
  if (typeof memory === "number") {
    expect(free).toBe(0);
    // ENOMEM: no page free; EINVAL: a kernel without pages of this size.
    expect([-12, -22]).toContain(memory);
    return;
  }
  expect(memory.address % 0x200000n).toBe(0n);
  expect(memory.bytes).toHaveLength(0x200000);
  expect(memory.pageSize).toBe(0x200000);
  expect(memory.close()).toBe(0);
});

test("behavior: the size of a huge page is encoded in the flags", () => {
  const seen: number[] = [];
  const fake = {
    ...libc,
    mmap: (_address: bigint, _length: number, kind: { flags: number }) => {
      seen.push(kind.flags >>> 0);
      return -12n;
    },
  };
  const shifts = [16, 21, 24, 30];
  for (const shift of shifts) mapMemory(fake, port.abi, { length: 1, pageSize: 2 ** shift });
  // MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, and log2 of the size above bit 26.
  expect(seen).toEqual(shifts.map((shift) => (0x40022 | (shift << 26)) >>> 0));
});

describe("descriptors", () => {
  test("a file: shared by default, private on request, read-only", () => {
    const path = join(files.folder, "file");
    fs.writeFileSync(path, Buffer.alloc(3 * page, 1));
    const fd = port.open(path, "rw");
    const shared = mapped({ length: page, fd, offset: BigInt(page) });
    shared.bytes[0] = 9;
    const own = mapped({ length: page, fd, shared: false });
    own.bytes[0] = 8;
    const read = mapped({ length: page, fd, protection: "read", offset: BigInt(page) });
    expect(read.bytes[0]).toBe(9);
    const file = fs.readFileSync(path);
    expect([file[0], file[page]]).toEqual([1, 9]);
    for (const memory of [shared, own, read]) expect(memory.close()).toBe(0);
    port.close(fd);
  });

  test("/dev/zero, and a mapping that outlives its descriptor", () => {
    const fd = port.open("/dev/zero", "rw");
    const memory = mapped({ length: page, fd, shared: false });
    port.close(fd);
    expect(memory.bytes.every((byte) => byte === 0)).toBe(true);
    memory.close();
  });

  test("refusals are the kernel's", () => {
    const fd = port.open("/dev/zero", "r");
    expect(port.mapMemory({ length: page, fd: 100_000 })).toBe(-9);
    expect(port.mapMemory({ length: page, fd, offset: 1n })).toBe(-22);
    expect(port.mapMemory({ length: page, fd, shared: true }), "not opened for writing").toBe(-13);
    port.close(fd);
  });

  test("a file that ends too early is refused: touching the rest would be SIGBUS", () => {
    const path = join(files.folder, "short");
    fs.writeFileSync(path, Buffer.alloc(page + 10));
    const fd = port.open(path, "rw");
    expect(codeOf(() => port.mapMemory({ length: 2 * page, fd }))).toBe("invalid-argument");
    expect(codeOf(() => port.mapMemory({ length: 11, fd, offset: BigInt(page) }))).toBe(
      "invalid-argument",
    );
    const memory = mapped({ length: page + 10, fd });
    expect(memory.bytes).toHaveLength(2 * page);
    expect(memory.bytes[2 * page - 1]).toBe(0);
    memory.close();
    port.close(fd);
  });
});

describe("error: arguments", () => {
  const wrong = (value: unknown): never => value as never;
  const requests: readonly [string, MapMemoryRequest][] = [
    ["no length", { length: 0 }],
    ["a fraction", { length: 4096.5 }],
    ["a negative length", { length: -1 }],
    ["NaN", { length: Number.NaN }],
    ["a length of 2^53", { length: 2 ** 53 }],
    ["a bigint length", { length: wrong(4096n) }],
    ["a negative descriptor", { length: 1, fd: -1 }],
    ["a fractional descriptor", { length: 1, fd: 0.5 }],
    ["a number as offset", { length: 1, fd: 0, offset: wrong(0) }],
    ["a negative offset", { length: 1, fd: 0, offset: -1n }],
    ["a small page", { length: 1, pageSize: 512 }],
    ["a page of 3 MiB", { length: 1, pageSize: 3 * 1024 * 1024 }],
    ["a page of 0", { length: 1, pageSize: 0 }],
    ["an unknown protection", { length: 1, protection: wrong("execute") }],
    ["a protection of Object's", { length: 1, protection: wrong("toString") }],
  ];
  test.each(requests)("%s", (_, request) => {
    expect(codeOf(() => port.mapMemory(request))).toBe("invalid-argument");
  });

  test("more than this Node can view", () => {
    if (MAX_VIEW_LENGTH > 2 ** 46) expect(port.mapMemory({ length: 2 ** 50 })).toBe(-12);
    else expect(codeOf(() => port.mapMemory({ length: MAX_VIEW_LENGTH + 1 }))).toBe("not-offered");
  });

  test("memory without access has no bytes to touch", () => {
    const memory = mapped({ length: page, protection: "none" });
    expect(codeOf(() => memory.bytes)).toBe("wrong-state");
    expect(memory.close()).toBe(0);
  });
});

describe("error: the kernel refuses later steps", () => {
  test("madvise fails: nothing stays mapped", () => {
    const unmapped: bigint[] = [];
    const fake = {
      ...libc,
      madvise: () => -22,
      munmap: (address: bigint, length: number) => {
        unmapped.push(address);
        return libc.munmap(address, length);
      },
    };
    expect(mapMemory(fake, port.abi, { length: page })).toBe(-22);
    expect(unmapped.map(inMaps)).toEqual([false]);
  });

  test("munmap fails: close answers it", () => {
    const memory = mapMemory({ ...libc, munmap: () => -12 }, port.abi, { length: page });
    expect(typeof memory === "number" ? memory : memory.close()).toBe(-12);
  });
});
