// Groups, devices and IOMMU links as sysfs shows them, and what stands there that is none.

import { describe, expect, test } from "vitest";
import { filesPort } from "../../test/scripted-port.ts";
import { createIommu } from "../iommu.ts";
import { groupOf, notViable, readGroup } from "./groups.ts";
import { readIommuLinks } from "./iommu-links.ts";

const GROUPS = "/sys/kernel/iommu_groups";
const DEVICE = "0000:00:02.0";

describe("reading groups", () => {
  test("by number, without names that are none, each with its devices and drivers", () => {
    const port = filesPort({
      folders: {
        [GROUPS]: ["10", "2", "4294967295", "2147483648", "x", "../3", "-1"],
        [`${GROUPS}/2/devices`]: [DEVICE, "../escape", ".hidden"],
        [`${GROUPS}/10/devices`]: ["fd000000.dma"],
      },
      links: {
        [`${GROUPS}/2/devices/${DEVICE}/driver`]: "../../bus/pci/drivers/vfio-pci",
        [`${GROUPS}/10/devices/fd000000.dma/driver`]: "../../bus/platform/drivers/dma",
      },
    });
    expect(createIommu(port).readGroups()).toEqual([
      { id: 2, devices: [{ address: DEVICE, driver: "vfio-pci", blocks: false }] },
      { id: 10, devices: [{ address: "fd000000.dma", driver: "dma", blocks: true }] },
    ]);
  });

  test("no IOMMU is on: no groups; a group whose devices cannot be read has none", () => {
    expect(createIommu(filesPort({})).readGroups()).toEqual([]);
    const port = filesPort({ folders: { [`${GROUPS}/2`]: ["devices"] } });
    expect(readGroup(port, 2)).toEqual({ id: 2, devices: [] });
    expect(readGroup(port, 3)).toBeUndefined();
  });
});

describe("the group of a device", () => {
  test.each([
    ["pci", "../../../kernel/iommu_groups/7", 7],
    ["platform", "../iommu_groups/2147483647", 2 ** 31 - 1],
    ["amba", "11", 11],
  ])("on the %s bus", (bus, target, group) => {
    const port = filesPort({
      links: { [`/sys/bus/${bus}/devices/${DEVICE}/iommu_group`]: target },
    });
    expect(groupOf(port, DEVICE)).toBe(group);
  });

  test("a device without a group is told from a device that is not there", () => {
    const path = `/sys/bus/pci/devices/${DEVICE}`;
    const without = filesPort({ folders: { [path]: ["config"] } });
    expect(() => groupOf(without, DEVICE)).toThrow(
      expect.objectContaining({
        code: "device-not-found",
        message: expect.stringContaining("has no IOMMU group"),
        hint: expect.stringContaining("intel_iommu=on"),
      }),
    );
    const strange = filesPort({
      folders: { [path]: ["config"] },
      links: { [`${path}/iommu_group`]: "../iommu_groups/none" },
    });
    expect(() => groupOf(strange, DEVICE)).toThrow(/has no IOMMU group/);
    expect(() => groupOf(filesPort({}), DEVICE)).toThrow(/there is no device 0000:00:02.0/);
  });

  test.each([
    ["../0000:00:02.0", '"../0000:00:02.0"'],
    [42, "42"],
    [undefined, "undefined"],
    [() => DEVICE, "function"],
  ])("a name that is none: %s", (address, shown) => {
    const ask = (): unknown => Reflect.apply(groupOf, undefined, [filesPort({}), address]);
    expect(ask).toThrow(
      expect.objectContaining({
        code: "invalid-argument",
        message: expect.stringContaining(`${shown} is not a device's address`),
      }),
    );
  });
});

describe("a group that is not viable", () => {
  test("names the driver that blocks it, else says that none shows", () => {
    const folders = { [`${GROUPS}/4/devices`]: [DEVICE] };
    const links = { [`${GROUPS}/4/devices/${DEVICE}/driver`]: "../drivers/e1000e" };
    const blocked = notViable(filesPort({ folders, links }), 4);
    expect(blocked.facts).toEqual({ group: 4, blocking: [`${DEVICE} (e1000e)`] });
    expect(blocked.hint).toContain(`bind ${DEVICE} to vfio-pci`);
    const silent = notViable(filesPort({ folders }), 4);
    expect(silent.facts).toEqual({ group: 4, blocking: [] });
    expect(silent.message).toContain("no driver of it shows why");
    expect(silent.hint).toContain("another VFIO or iommufd user");
  });
});

test("links to IOMMUs: of devices that have one; none when the group cannot be read", () => {
  const port = filesPort({
    folders: { [`${GROUPS}/2/devices`]: [DEVICE, "0000:00:02.1"] },
    links: { [`${GROUPS}/2/devices/${DEVICE}/iommu`]: "../../virtual/iommu/dmar0" },
  });
  expect(readIommuLinks(port, 2)).toEqual(["../../virtual/iommu/dmar0"]);
  expect(readIommuLinks(port, 3)).toEqual([]);
});
