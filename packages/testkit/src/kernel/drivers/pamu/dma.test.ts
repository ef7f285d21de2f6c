// MAP_DMA and UNMAP_DMA: what a device then reaches, and every refusal in its order (pamu.md 5, E).

import { describe, expect, test } from "vitest";
import { MIB, type PamuMapArguments } from "../../testing/pamu-client.ts";
import {
  DEVICE,
  dividedPamu,
  LIODN,
  openedPamu,
  type PamuReady,
  primaryWords,
  tableBytes,
} from "../../testing/pamu-ready.ts";

const ENOMEM = -12;
const EFAULT = -14;
const EBUSY = -16;
const ENODEV = -19;
const EINVAL = -22;
const MODES = ["sdk-compat", "strict"] as const;
const TOP_PAGE = 0xffff_ffff_ffff_f000n;

/** One byte of host memory through the device: where it went, or undefined. */
function reaches({ host }: PamuReady, iova: number): boolean {
  return host.dma(DEVICE).read(BigInt(iova), new Uint8Array(1)).moved === 1;
}

describe.each(MODES)("%s", (mode) => {
  test("case 72: MAP_DMA 512M at 0, read-write", () => {
    const ready = dividedPamu({ mode });
    const { client, container, driver, host } = ready;
    const memory = client.memory(512 * MIB, 256 * MIB);
    expect(client.map(container, { vaddr: memory.address, iova: 0, size: 512 * MIB })).toBe(0);
    const first = driver.tables.primary;
    const pa = first.word(LIODN, 4) * 2 ** 32 + (first.word(LIODN, 5) & 0xffff_f000);
    expect(primaryWords(driver, LIODN).split(" ").slice(0, 4).join(" ")).toBe(
      "0 00000779 00000080 00000074",
    );
    expect(pa % (4 * MIB)).toBe(0);
    const valid = Array.from({ length: 255 }, (_, at) => driver.tables.secondary.word(at, 1) & 1);
    expect(valid.reduce((sum, bit) => sum + bit, 0)).toBe(127);
    for (const iova of [0, 0x3f_ffff, 0x40_0000, 0x1fff_ffff]) {
      host.dma(DEVICE).write(BigInt(iova), Uint8Array.of(0xa5));
      expect(memory.bytes[iova], iova.toString(16)).toBe(0xa5);
    }
    expect(reaches(ready, 0x2000_0000)).toBe(false);
  });

  test("case 72: read-only gives AP 1 everywhere", () => {
    const { client, container, driver, host } = dividedPamu({ mode });
    const memory = client.memory(8 * MIB, 4 * MIB);
    const request = { vaddr: memory.address, iova: 0, size: 8 * MIB, flags: 1 };
    expect(client.map(container, request)).toBe(0);
    expect([driver.tables.primary.word(LIODN, 1), driver.tables.secondary.word(0, 1)]).toEqual([
      0x769, 0x0010_000b,
    ]);
    const device = host.dma(DEVICE);
    expect(device.read(0x40_0000n, new Uint8Array(4)).moved).toBe(4);
    expect(device.write(0x40_0000n, Uint8Array.of(1)).moved).toBe(0);
    expect(memory.bytes[0x40_0000]).toBe(0);
  });

  test.each([
    ["flags 0", { flags: 0 }, EINVAL],
    ["flags 4", { flags: 4 }, EINVAL],
    ["size 0xfff", { size: 0xfff }, EINVAL],
    ["iova that wraps", { iova: TOP_PAGE, size: 0x2000 }, EINVAL],
    ["vaddr that wraps", { vaddr: TOP_PAGE, size: 0x2000 }, EINVAL],
    ["iova 0x30001000 size 4M", { iova: 0x3000_1000 }, EINVAL],
    ["outside the aperture", { iova: 0x4000_0000 }, EINVAL],
    ["overlap", { iova: 0x1000_0000 }, EBUSY],
  ] as const)("case 73: %s", (_, change: Partial<PamuMapArguments>, errno) => {
    const ready = dividedPamu({ mode });
    const { client, container } = ready;
    const memory = client.memory(8 * MIB, 4 * MIB);
    const first = { vaddr: memory.address, iova: 0x1000_0000, size: 4 * MIB };
    expect(client.map(container, first)).toBe(0);
    const before = tableBytes(ready);
    const second = { vaddr: memory.address, iova: 0x3000_0000, size: 4 * MIB, ...change };
    expect(client.map(container, second)).toBe(errno);
    expect(tableBytes(ready)).toBe(before);
    expect(ready.host.inspect.mappings()).toHaveLength(1);
  });

  test("case 73: the locked limit", () => {
    const ready = openedPamu(
      { mode },
      { process: { uid: 1000, lockedMemoryLimit: 4 * MIB }, groupMode: 0o666 },
    );
    const { client, container } = ready;
    client.setGeometry(container, 0, 64 * MIB - 1);
    client.setWindows(container, 16);
    const memory = client.memory(8 * MIB, 4 * MIB);
    const request = { vaddr: memory.address, iova: 0, size: 8 * MIB };
    expect(client.map(container, request)).toBe(ENOMEM);
    expect(client.map(container, { ...request, size: 4 * MIB })).toBe(0);
  });

  test("case 73: pages that are not contiguous, not there, or not writable", () => {
    const ready = dividedPamu({ mode });
    const { client, container, host } = ready;
    const live = host.memory.liveAllocations;
    const scattered = client.memory(4 * MIB);
    const short = client.memory(4 * MIB, 4 * MIB);
    for (const vaddr of [scattered.address, short.address + 0x1000n]) {
      const request = { vaddr, iova: 0x1000_0000, size: 4 * MIB };
      expect(client.map(container, request)).toBe(EFAULT);
    }
    const readOnly = client.port.mapMemory({
      length: 4 * MIB,
      pageSize: 4 * MIB,
      protection: "read",
    });
    if (typeof readOnly === "number") throw new Error(`mapMemory: ${readOnly}`);
    const request = { vaddr: readOnly.address, iova: 0x1000_0000, size: 4 * MIB };
    expect(client.map(container, request)).toBe(EFAULT);
    expect(client.map(container, { ...request, flags: 1 })).toBe(0);
    expect(client.unmap(container, 0x1000_0000, 4 * MIB)).toBe(0);
    for (const memory of [scattered, short, readOnly]) memory.close();
    expect(host.memory.liveAllocations).toBe(live);
  });

  test("huge pages are contiguous only inside: a slot of 16 MiB needs pages of 16 MiB", () => {
    const { client, container } = dividedPamu({ mode }, { windows: 64 });
    const small = client.memory(16 * MIB, 4 * MIB);
    const large = client.memory(16 * MIB, 16 * MIB);
    const request = { iova: 0, size: 16 * MIB };
    expect(client.map(container, { ...request, vaddr: small.address })).toBe(EFAULT);
    expect(client.map(container, { ...request, vaddr: large.address })).toBe(0);
  });

  test("case 76: UNMAP_DMA of everything", () => {
    const ready = dividedPamu({ mode });
    const { client, container, driver, host } = ready;
    client.mapMsi(container, 0, 0x2000_0000);
    const memory = client.memory(64 * MIB, 64 * MIB);
    client.map(container, { vaddr: memory.address, iova: 0, size: 64 * MIB });
    expect(client.unmap(container, 0, 64 * MIB)).toBe(0);
    expect(driver.tables.primary.word(LIODN, 1)).toBe(0x760);
    expect(driver.tables.secondary.word(127, 1)).toBe(0x0010_001b);
    expect(reaches(ready, 0)).toBe(false);
    expect(host.inspect.mappings()).toEqual([]);
    const live = host.memory.liveAllocations;
    memory.close();
    expect(host.memory.liveAllocations).toBe(live - 1);
  });

  test("case 78: UNMAP of nothing, and with flags", () => {
    const { client, container } = dividedPamu({ mode });
    expect(client.unmap(container, 0x1000_0000, 4 * MIB)).toBe(0);
    expect(client.unmap(container, 0x1000_0000, 4 * MIB, 1)).toBe(EINVAL);
  });

  test("part of a mapping can go, in whole windows", () => {
    const ready = dividedPamu({ mode });
    const { client, container, host } = ready;
    const memory = client.memory(32 * MIB, 16 * MIB);
    client.map(container, { vaddr: memory.address, iova: 0, size: 32 * MIB });
    expect(client.unmap(container, 8 * MIB, 8 * MIB)).toBe(0);
    for (const at of [0, 4, 16, 28]) expect(reaches(ready, at * MIB), `${at}`).toBe(true);
    expect(host.inspect.mappings().map(({ iova, size }) => [iova, size])).toEqual([
      [0n, BigInt(8 * MIB)],
      [BigInt(16 * MIB), BigInt(16 * MIB)],
    ]);
    expect(driverValid(ready)).toEqual([1, 4, 5, 6, 7]);
    expect(reaches(ready, 8 * MIB)).toBe(false);
  });

  test("everything is given back when the group closes", () => {
    const ready = dividedPamu({ mode });
    const { client, container, driver, host, group } = ready;
    const live = host.memory.liveAllocations;
    const memory = client.memory(16 * MIB, 4 * MIB);
    client.map(container, { vaddr: memory.address, iova: 0, size: 16 * MIB });
    client.mapMsi(container, 0, 0x2000_0000);
    memory.close();
    client.port.close(container);
    client.port.close(group);
    expect(host.memory.liveAllocations).toBe(live);
    expect(driver.tables.pool.inUse).toBe(0);
    expect(host.inspect.openDescriptors()).toEqual([]);
    expect(driver.domains.size).toBe(0);
  });
});

describe("case 79: RAM before the windows", () => {
  test("strict", () => {
    const { client, container } = openedPamu({ mode: "strict" });
    const memory = client.memory(4 * MIB, 4 * MIB);
    const request = { vaddr: memory.address, iova: 0, size: 4 * MIB };
    expect(client.map(container, request)).toBe(ENODEV);
  });
});

/** Indexes of the windows from 1 on whose secondary entry is valid. */
function driverValid({ driver }: PamuReady): readonly number[] {
  const windows = Array.from({ length: 255 }, (_, at) => at + 1);
  return windows.filter((window) => (driver.tables.secondary.word(window - 1, 1) & 1) === 1);
}
