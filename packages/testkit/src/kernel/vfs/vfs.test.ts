// Paths of the simulated kernel: sysfs as programs walk it, binding, and the VFS' own errors.

import { describe, expect, test } from "vitest";
import {
  EACCES,
  EBADF,
  EBUSY,
  EEXIST,
  EINVAL,
  EISDIR,
  ENODEV,
  ENOENT,
  ENOTDIR,
  ENOTTY,
} from "../errno.ts";
import { RawClient } from "../testing/raw-client.ts";
import { DEVICE, enabled, opened } from "../testing/ready.ts";
import { SimulatedHang } from "../vfio-core.ts";

const DEVICES = "/sys/bus/pci/devices";
const DRIVERS = "/sys/bus/pci/drivers";

function world(...options: Parameters<typeof opened>) {
  const { host } = opened(...options);
  const { port } = host;
  const write = (path: string, text: string) => port.writeText(path, text);
  return { host, port, write };
}

describe("sysfs", () => {
  test("behavior: a device's links and identity", () => {
    const { port } = world();
    const device = `${DEVICES}/${DEVICE}`;
    expect(port.readLink(`${device}/iommu_group`)).toBe("../../../kernel/iommu_groups/2");
    expect(port.readLink(`${device}/driver`)).toBe("../../../bus/pci/drivers/vfio-pci");
    expect(
      ["vendor", "device", "class", "driver_override"].map((name) =>
        port.readText(`${device}/${name}`),
      ),
    ).toEqual(["0x1234\n", "0x11e8\n", "0x00ff00\n", "vfio-pci\n"]);
    expect(port.list(`${device}/iommu_group/devices`)).toEqual([DEVICE]);
    expect(port.list(DEVICES)).toEqual([
      "0000:00:02.0",
      "0000:00:03.0",
      "0000:00:04.0",
      "0000:00:04.1",
    ]);
  });

  test("section 3.1: groups, their members and their reserved regions", () => {
    const { port } = world();
    const groups = "/sys/kernel/iommu_groups";
    expect(port.list(groups)).toEqual(["2", "3", "4"]);
    expect(port.list(`${groups}/4/devices`)).toEqual(["0000:00:04.0", "0000:00:04.1"]);
    expect(port.readText(`${groups}/4/reserved_regions`)).toBe(
      "0x00000000fee00000 0x00000000feefffff msi\n",
    );
  });

  test("behavior: module parameters are read and written", () => {
    const { port, write } = world();
    const at = "/sys/module/vfio_iommu_type1/parameters";
    expect(port.list(at)).toEqual([
      "allow_unsafe_interrupts",
      "disable_hugepages",
      "dma_entry_limit",
    ]);
    expect(port.readText(`${at}/dma_entry_limit`)).toBe("65535\n");
    expect(write(`${at}/dma_entry_limit`, "x")).toBe(-EINVAL);
    expect(write(`${at}/disable_hugepages`, "1\n")).toBe(2);
    expect(port.readText(`${at}/disable_hugepages`)).toBe("Y\n");
    expect(world({ vfio: "without-type1" }).port.list(at)).toBe(-ENOENT);
  });

  test("behavior: configuration space as a file", () => {
    const { port } = world();
    const fd = port.open(`${DEVICES}/${DEVICE}/config`, "rw");
    const bytes = new Uint8Array(4);
    expect(port.readAt(fd, bytes, 0n)).toBe(4);
    expect([...bytes]).toEqual([0x34, 0x12, 0xe8, 0x11]);
    expect(port.readAt(fd, bytes, 256n)).toBe(0);
    expect(port.writeAt(fd, Uint8Array.of(9), 0x3cn)).toBe(1);
    expect(port.ioctl(fd, 0x3b64, 0)).toBe(-ENOTTY);
  });
});

describe("binding", () => {
  test("behavior: driver_override and drivers_probe make the node, unbind removes it", () => {
    const { port, write } = world({ bound: "none" });
    expect(port.list("/dev/vfio")).toEqual(["vfio"]);
    expect(write("/sys/bus/pci/drivers_probe", DEVICE)).toBe(DEVICE.length);
    expect(port.readLink(`${DEVICES}/${DEVICE}/driver`)).toBe(-ENOENT);
    expect(write(`${DEVICES}/${DEVICE}/driver_override`, "vfio-pci\n")).toBe(9);
    expect(write("/sys/bus/pci/drivers_probe", `${DEVICE}\n`)).toBe(DEVICE.length + 1);
    expect(port.list("/dev/vfio")).toEqual(["2", "vfio"]);
    expect(port.list(`${DRIVERS}/vfio-pci`)).toContain(DEVICE);
    expect(write(`${DRIVERS}/vfio-pci/unbind`, DEVICE)).toBe(DEVICE.length);
    expect(port.list("/dev/vfio")).toEqual(["vfio"]);
    expect(write(`${DEVICES}/${DEVICE}/driver_override`, "\n")).toBe(1);
    expect(port.readText(`${DEVICES}/${DEVICE}/driver_override`)).toBe("(null)\n");
  });

  test("behavior: new_id binds every free device of that kind", () => {
    const { port, write } = world({ bound: "none" });
    expect(write(`${DRIVERS}/vfio-pci/new_id`, "1234 11e8")).toBe(9);
    expect(port.list("/dev/vfio")).toEqual(["2", "3", "4", "vfio"]);
    expect(write(`${DRIVERS}/vfio-pci/new_id`, "1234 11e8")).toBe(-EEXIST);
    expect(write(`${DRIVERS}/vfio-pci/new_id`, "1234")).toBe(-EINVAL);
    expect(write(`${DRIVERS}/vfio-pci/remove_id`, "1234 11e8")).toBe(9);
    expect(write(`${DRIVERS}/vfio-pci/remove_id`, "1234 11e8")).toBe(-ENODEV);
  });

  test("error: bound already, no match, no such device, not its driver", () => {
    const { write } = world();
    expect(write(`${DRIVERS}/vfio-pci/bind`, DEVICE)).toBe(-EBUSY);
    expect(write(`${DRIVERS}/pci-stub/bind`, DEVICE)).toBe(-ENODEV);
    expect(write(`${DRIVERS}/vfio-pci/bind`, "0000:00:1f.0")).toBe(-ENODEV);
    expect(write(`${DRIVERS}/pci-stub/unbind`, DEVICE)).toBe(-ENODEV);
    expect(write("/sys/bus/pci/drivers_probe", "nothing")).toBe(-ENODEV);
  });

  test("section 1.1: unbinding an open device would hang, and asks for the device first", () => {
    const { client, group, host } = enabled();
    const device = client.deviceFd(group, DEVICE);
    const unbind = () => client.port.writeText(`${DRIVERS}/vfio-pci/unbind`, DEVICE);
    expect(unbind).toThrow(SimulatedHang);
    client.port.close(device);
    expect(unbind()).toBe(DEVICE.length);
    expect(host.inspect.openDescriptors()).toHaveLength(2);
  });
});

describe("the VFS", () => {
  test("error: each by its number", () => {
    const { port } = world();
    expect(port.readText("/nothing")).toBe(-ENOENT);
    expect(port.readText("/sys")).toBe(-EISDIR);
    expect(port.open("/sys", "r")).toBe(-EISDIR);
    expect(port.list("/proc/self/status")).toBe(-ENOTDIR);
    expect(port.readText("/proc/self/status/x")).toBe(-ENOTDIR);
    expect(port.readLink("/proc/self/status")).toBe(-EINVAL);
    expect(port.readText(`${DRIVERS}/vfio-pci/bind`)).toBe(-EACCES);
    expect(port.writeText("/proc/self/status", "x")).toBe(-EACCES);
    expect(port.readText("/dev/null")).toBe(-EINVAL);
    expect(port.readAt(77, new Uint8Array(1), 0n)).toBe(-EBADF);
  });

  test("error: a user may read sysfs and not write it", () => {
    const { host } = world();
    const user = new RawClient(host.newProcess({ uid: 1000 }).port);
    expect(user.port.readText(`${DEVICES}/${DEVICE}/vendor`)).toBe("0x1234\n");
    expect(user.port.writeText(`${DRIVERS}/vfio-pci/unbind`, DEVICE)).toBe(-EACCES);
    expect(user.port.open(`${DEVICES}/${DEVICE}/driver_override`, "rw")).toBe(-EACCES);
    expect(user.port.readText("/proc/self/status")).toMatch(/^Uid:\t1000/m);
  });

  test("behavior: an open text is read at an offset", () => {
    const { port } = world();
    const fd = port.open(`${DEVICES}/${DEVICE}/vendor`, "r");
    const bytes = new Uint8Array(3);
    expect(port.readAt(fd, bytes, 2n)).toBe(3);
    expect(String.fromCharCode(...bytes)).toBe("123");
  });
});
