import { describe, expect, test } from "vitest";
import { FakePci } from "../test/fake-pci.ts";
import { codeOf } from "../test/kernel-facts.ts";
import { linuxHost } from "./linux-host.ts";
import { isPciAddress } from "./pci-address.ts";
import { listPciDevices } from "./pci-devices.ts";

const A = "0000:00:02.0";
const FOLDER = `/sys/bus/pci/devices/${A}`;

function machine(): FakePci {
  return new FakePci({ [A]: { driver: "vfio-pci", override: undefined, group: 12 } });
}

test("default: everything of a device", () => {
  expect(listPciDevices(machine())).toEqual([
    {
      address: A,
      vendor: 0x1234,
      device: 0x11e8,
      classCode: 0xff00,
      driver: "vfio-pci",
      group: 12,
    },
  ]);
});

test("behavior: this machine's own devices are readable", () => {
  for (const device of listPciDevices(linuxHost())) expect(isPciAddress(device.address)).toBe(true);
});

test("behavior: no driver, no group, no PCI", () => {
  const bare = new FakePci({ [A]: { driver: undefined, override: undefined, group: undefined } });
  expect(listPciDevices(bare)[0]).toMatchObject({ driver: undefined, group: undefined });
  const none = machine();
  none.fault = () => -2;
  expect(listPciDevices(none)).toEqual([]);
});

test("behavior: a device that vanishes meanwhile is left out", () => {
  const port = machine();
  port.fault = (_, what) => {
    if (what.endsWith("/class")) port.devices.delete(A);
    return 0;
  };
  expect(listPciDevices(port)).toEqual([]);
});

describe("error: hostile text is refused, never a wrong answer", () => {
  test.each([
    "1234",
    "0x12345",
    "0x12G4",
    "0x",
    "",
    "0x1234\n\n",
    "0x1234 ",
    " 0x1234",
    "0X1234",
    "0x1234\0",
    "-0x1",
    "0x1E3F",
    "0x\u0661\u0662",
  ])("vendor %j", (text) => {
    const port = machine();
    port.texts.set(`${FOLDER}/vendor`, text);
    expect(codeOf(() => listPciDevices(port))).toBe("kernel-misbehaved");
  });

  test.each(["0x1000000", "0xffffffff", "0x123456789"])("class %s", (text) => {
    const port = machine();
    port.texts.set(`${FOLDER}/class`, text);
    expect(codeOf(() => listPciDevices(port))).toBe("kernel-misbehaved");
  });

  test.each([
    "../../../kernel/iommu_groups/-1",
    "../../../kernel/iommu_groups/01",
    "../../../kernel/iommu_groups/1e3",
    "../../../kernel/iommu_groups/2147483648",
    "../../../kernel/iommu_groups/99999999999",
    "../../../kernel/iommu_groups/12/",
    "../../../kernel/iommu_groups/",
    "../../../kernel/iommu_groups/12\n",
    "../../kernel/../etc/iommu_groups/12",
    "/etc/kernel/iommu_groups/12",
    "kernel/iommu_groups/12",
    "",
  ])("group link %j", (target) => {
    const port = machine();
    port.links.set(`${FOLDER}/iommu_group`, target);
    expect(codeOf(() => listPciDevices(port))).toBe("kernel-misbehaved");
  });

  test.each([
    "../../../bus/pci/drivers/",
    "../../../bus/pci/drivers/..",
    "../../../bus/pci/drivers/.",
    "../../../bus/pci/drivers/a/b",
    "../../../bus/pci/drivers/a\n",
    "../../../bus/pci/drivers/ a",
    "../../../bus/usb/drivers/a",
    `../../../bus/pci/drivers/${"a".repeat(65)}`,
  ])("driver link %j", (target) => {
    const port = machine();
    port.links.set(`${FOLDER}/driver`, target);
    expect(codeOf(() => listPciDevices(port))).toBe("kernel-misbehaved");
  });

  test.each(["..", "0000:00:02", "0000:00:20.0", "0000:00:02.8", "00000:00:02.0", "x"])(
    "device name %j",
    (name) => {
      const port = new FakePci({ [name]: { driver: undefined, override: undefined, group: 1 } });
      expect(codeOf(() => listPciDevices(port))).toBe("kernel-misbehaved");
    },
  );
});

test("rule: each call fails in turn with a typed error", () => {
  for (let n = 1; n <= 6; n++) {
    const port = machine();
    port.fault = (call) => (call === n ? -13 : 0);
    expect(
      codeOf(() => listPciDevices(port)),
      port.log[n - 1],
    ).toBe("permission-denied");
  }
});

test("default: the grammar of addresses", () => {
  const good = ["0000:00:00.0", "ffff:ff:1f.7", "10000:e1:00.0", "ffffffff:00:00.0"];
  for (const text of good) expect(isPciAddress(text), text).toBe(true);
  const bad = ["0000:00:00.0\n", "0000:00:00.0/..", "000:00:00.0", "0000:0:00.0", 5, undefined];
  for (const text of bad) expect(isPciAddress(text), String(text)).toBe(false);
});
