// The vendor's ABI (pamu.md 5, E): numbers, sizes, bytes, and the errors that come before any effect.

import { describe, expect, test } from "vitest";
import { ioctlName } from "../../decode/commands.ts";
import { PAMU_ATTR, PAMU_MSI_BANK_MAP, PAMU_MSI_BANK_UNMAP } from "../../decode/pamu.ts";
import { DMA_MAP, DMA_UNMAP } from "../../decode/type1.ts";
import { attributeBytes, MIB, words } from "../../testing/pamu-client.ts";
import { dividedPamu, GIB, openedPamu, type PamuReady } from "../../testing/pamu-ready.ts";

const EFAULT = -14;
const EINVAL = -22;
const ENOTTY = -25;
const MODES = ["sdk-compat", "strict"] as const;

/** Bytes of 32-bit words in hexadecimal. */
function hex(text: string): Uint8Array {
  return words(...text.split(" ").map((word) => Number.parseInt(word, 16)));
}

test("case 63: numbers, sizes and places", () => {
  const { client, container, host } = openedPamu();
  const requests = [0x2000_3b73, 0x2000_3b74, 0x2000_3b75, 0x2000_3b76, 0x2000_3b77];
  for (const request of requests) host.port.ioctl(container, request, new Uint8Array(0));
  expect([...host.calls.keys()].filter((name) => name.includes("PAMU"))).toEqual([
    "VFIO_IOMMU_PAMU_GET_ATTR",
    "VFIO_IOMMU_PAMU_SET_ATTR",
    "VFIO_IOMMU_PAMU_GET_MSI_BANK_COUNT",
    "VFIO_IOMMU_PAMU_MAP_MSI_BANK",
    "VFIO_IOMMU_PAMU_UNMAP_MSI_BANK",
  ]);
  expect(ioctlName(client.port.abi, "container", 0x2000_3b71)).toBe("VFIO_IOMMU_MAP_DMA");
  const tables = [PAMU_ATTR, PAMU_MSI_BANK_MAP, PAMU_MSI_BANK_UNMAP, DMA_MAP, DMA_UNMAP];
  expect(tables.map(({ size }) => size)).toEqual([32, 24, 16, 32, 24]);
  const { aperture_start, windows, cpu } = PAMU_ATTR.fields;
  expect([aperture_start.offset, windows.offset, cpu.offset]).toEqual([16, 16, 16]);
  expect(PAMU_MSI_BANK_MAP.fields.iova).toEqual({ offset: 16, size: 8 });
  expect(PAMU_MSI_BANK_UNMAP.fields.iova).toEqual({ offset: 8, size: 8 });
});

describe.each(MODES)("%s", (mode) => {
  test("case 64: the bytes of SET_ATTR", () => {
    const { host, container, client } = openedPamu({ mode, release: "sdk-1.6" });
    const geometry = hex("00000020 00000000 00000000 00000000 00000000 00000000 00000000 3FFFFFFF");
    expect(attributeBytes(0, 0, 0, 0, 0x3fff_ffff)).toEqual(geometry);
    expect(host.port.ioctl(container, 0x2000_3b74, geometry)).toBe(0);
    expect(client.geometry(container)).toEqual([0, 0x3fff_ffff]);
    const windows = hex("20 0 1 0 100 0 0 0");
    expect(host.port.ioctl(container, 0x2000_3b74, windows)).toBe(0);
    expect(client.windows(container)).toBe(256);
    const stash = hex("20 0 2 0 3 1 0 0");
    expect(host.port.ioctl(container, 0x2000_3b74, stash)).toBe(0);
    expect(client.stash(container)).toEqual([3, 1]);
  });

  test("case 65: the bytes of MAP_MSI_BANK and UNMAP_MSI_BANK", () => {
    const { host, container, driver } = dividedPamu({ mode });
    const map = hex("00000018 00000003 00000001 00000000 00000000 20400000");
    expect(host.port.ioctl(container, 0x2000_3b76, map)).toBe(0);
    expect(driver.tables.secondary.word(128, 5)).toBe(0xfe04_52c0);
    const unmap = hex("00000010 00000000 00000000 20400000");
    expect(host.port.ioctl(container, 0x2000_3b77, unmap)).toBe(0);
    expect(driver.tables.secondary.word(128, 1) & 1).toBe(0);
  });

  test.each([
    ["sdk-1.4", 2],
    ["sdk-1.6", 1000],
    ["sdk-2.0", 7],
  ] as const)("case 66: CHECK_EXTENSION of %s", (release, own) => {
    const { client, container } = openedPamu({ mode, release });
    const fresh = client.openContainer();
    for (const fd of [container, fresh])
      for (const id of [1, 2, 3, 6, 7, 8, 1000, 1001])
        expect(client.ioctl(fd, 1, id), `${id}`).toBe(id === own ? 1 : 0);
  });

  test("case 66: GET_INFO and other commands, and the number of banks", () => {
    const { client, container } = openedPamu({ mode });
    expect(client.ioctl(container, 12, new Uint8Array(24))).toBe(ENOTTY);
    expect(client.ioctl(container, 20, new Uint8Array(24))).toBe(ENOTTY);
    expect(client.bankCount(container)).toBe(3);
    const big = openedPamu({ mode, soc: "t4240" });
    expect(big.client.bankCount(big.container)).toBe(4);
  });

  test.each([
    ["GET_ATTR", 15, 32],
    ["SET_ATTR", 16, 32],
    ["MAP_MSI_BANK", 18, 24],
    ["UNMAP_MSI_BANK", 19, 16],
    ["MAP_DMA", 13, 32],
    ["UNMAP_DMA", 14, 24],
  ] as const)(
    "case 67: %s with argsz one too small, and with a bad pointer",
    (_, command, size) => {
      const { client, container } = dividedPamu({ mode });
      const bytes = new Uint8Array(size);
      bytes[3] = size - 1;
      expect(client.ioctl(container, command, bytes)).toBe(EINVAL);
      expect(client.ioctl(container, command, 0)).toBe(EFAULT);
      expect(client.ioctl(container, command, bytes.subarray(1))).toBe(EFAULT);
    },
  );

  test("section 3.3: another type is refused, and a group once more", () => {
    const { client, container } = openedPamu({ mode });
    expect(client.setIommu(container, 7)).toBe(EINVAL);
    const fresh = client.openContainer();
    const group = client.openGroup(3);
    expect(client.setContainer(group, fresh)).toBe(0);
    expect(client.setIommu(fresh, 1)).toBe(-19);
    expect(client.setIommu(fresh, 7)).toBe(0);
  });

  test.each([
    [[0x500], "no entry"],
    [[], "no property"],
  ])("case 54: SET_IOMMU for a controller with LIODN %j (%s)", (liodns, _why) => {
    const ready = (): PamuReady => openedPamu({ mode, liodns: [liodns, [0x20], [0x30]] });
    expect(ready).toThrow("-22");
  });
});

test("section 2.2: Linux 6.12 has no type for PAMU at all", () => {
  expect(() => openedPamu({ mode: "mainline" })).toThrow("-19");
});

test("the default aperture of a fresh container is 64 GiB in the most windows", () => {
  const { client, container } = openedPamu();
  expect(client.geometry(container)).toEqual([0, 0xf_ffff_ffff]);
  expect(client.windows(container)).toBe(256);
  const small = openedPamu({ windows: 16 });
  expect(small.client.windows(small.container)).toBe(16);
  small.client.setGeometry(small.container, 0, GIB - 1);
  expect(small.client.setWindows(small.container, 32)).toBe(EINVAL);
  expect(small.client.setWindows(small.container, 16)).toBe(0);
  expect(MIB).toBe(2 ** 20);
});
