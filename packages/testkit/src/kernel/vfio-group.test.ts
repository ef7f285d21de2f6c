// type1.md 7.1, by case number: groups, devices by name, viability, and what closing does.

import { describe, expect, test } from "vitest";
import {
  EACCES,
  EBADF,
  EBADFD,
  EBUSY,
  EEXIST,
  EFAULT,
  EINVAL,
  EMFILE,
  ENODEV,
  ENOENT,
  ENOTTY,
  EPERM,
} from "./errno.ts";
import { P, RawClient } from "./testing/raw-client.ts";
import {
  attached,
  DEVICE,
  enabled,
  GROUP,
  limitedTo,
  OTHER_GROUP,
  opened,
  SHARED_GROUP,
} from "./testing/ready.ts";

describe("groups", () => {
  test("case 6 and 7: names are looked up before the container", () => {
    const { client, group } = opened();
    expect(client.deviceFd(group, "0000:ff:1f.7")).toBe(-ENODEV);
    expect(client.deviceFd(group, "x".repeat(4095))).toBe(-ENODEV);
    expect(client.deviceFd(group, "x".repeat(4096))).toBe(-EINVAL);
    expect(client.ioctl(group, 6, new Uint8Array(4).fill(65))).toBe(-EFAULT);
    expect(client.deviceFd(group, DEVICE)).toBe(-EINVAL);
  });

  test("case 8: a group node opens once", () => {
    const { client } = opened();
    expect(client.openGroup(GROUP)).toBe(-EBUSY);
  });

  test("case 9: GET_STATUS with argsz 7 leaves the struct, with 8 says viable", () => {
    const { client, group } = opened();
    expect(client.status(group, 7)).toEqual({ rc: -EINVAL, flags: 0 });
    expect(client.status(group, 8)).toEqual({ rc: 0, flags: 1 });
    expect(client.ioctl(group, 3, new Uint8Array(7))).toBe(-EFAULT);
  });

  test("case 11: an attached group cannot be attached again; a bad descriptor wins", () => {
    const { client, container, group } = attached();
    const other = client.openContainer();
    expect(client.setContainer(group, container)).toBe(-EINVAL);
    expect(client.setContainer(group, other)).toBe(-EINVAL);
    expect(client.setContainer(group, -1)).toBe(-EBADF);
    expect(client.ioctl(group, 4, 0)).toBe(-EFAULT);
    expect(client.status(group).flags).toBe(3);
  });

  test("section 1.4: what is not a container is EBADFD", () => {
    const { client, group } = opened();
    const nothing = client.port.open("/dev/null", "rw");
    expect(client.setContainer(group, nothing)).toBe(-EBADFD);
    expect(client.setContainer(group, group)).toBe(-EBADFD);
  });

  test("section 1.3: commands of other files are ENOTTY, UNSET without a container EINVAL", () => {
    const { client, group } = opened();
    expect([0, 1, 2, 13].map((command) => client.ioctl(group, command))).toEqual(
      new Array(4).fill(-ENOTTY),
    );
    expect(client.unsetContainer(group)).toBe(-EINVAL);
  });

  test("section 1.1: a group without a vfio device has no node", () => {
    const { client } = opened({ bound: "none" });
    expect(client.openGroup(GROUP)).toBe(-ENOENT);
  });
});

describe("closing", () => {
  test("case 17: UNSET_CONTAINER with a device open is EBUSY", () => {
    const { client, group } = enabled();
    const device = client.deviceFd(group, DEVICE);
    expect(client.unsetContainer(group)).toBe(-EBUSY);
    expect(client.port.close(device)).toBe(0);
    expect(client.unsetContainer(group)).toBe(0);
  });

  test("case 18: mappings outlive one of two descriptors of the container", () => {
    const { client, container, host } = enabled();
    const child = new RawClient(host.newProcess({}, host.process).port);
    const memory = client.memory(1);
    const request = { vaddr: memory.address, iova: 0n, size: P };
    expect(client.map(container, request)).toBe(0);
    client.port.close(container);
    expect(child.map(container, request)).toBe(-EEXIST);
  });

  test("cases 19 to 22: an open device keeps the group, and the last close takes all down", () => {
    const { client, container, group, host } = enabled();
    const [first, second] = [client.deviceFd(group, DEVICE), client.deviceFd(group, DEVICE)];
    const memory = client.memory(4);
    const request = { vaddr: memory.address, iova: 0x10000n, size: 4 * P };
    expect(client.map(container, request)).toBe(0);
    expect(client.port.close(group)).toBe(0);
    expect(client.openGroup(GROUP)).toBe(-EBUSY);
    expect(client.port.close(first)).toBe(0);
    expect(client.openGroup(GROUP)).toBe(-EBUSY);
    expect(host.inspect.pinnedPages()).toBe(4);
    expect(client.port.close(second)).toBe(0);
    expect(client.map(container, request)).toBe(-EINVAL);
    expect(client.lockedPages()).toBe(0);
    const again = client.openGroup(GROUP);
    expect(client.setContainer(again, container)).toBe(0);
    expect(client.setIommu(container, 1)).toBe(0);
    expect(client.map(container, request)).toBe(0);
  });

  test("case 23: closing the only container descriptor leaves mappings and device", () => {
    const { client, container, group, host } = enabled();
    const device = client.deviceFd(group, DEVICE);
    const memory = client.memory(16);
    memory.bytes[5] = 0x77;
    expect(client.map(container, { vaddr: memory.address, iova: 0n, size: 16 * P })).toBe(0);
    client.port.close(container);
    expect(client.lockedPages()).toBe(16);
    expect(client.status(group).flags).toBe(3);
    const seen = new Uint8Array(1);
    host.dma(DEVICE).read(5n, seen);
    expect(seen[0]).toBe(0x77);
    expect(client.port.readAt(device, new Uint8Array(4), 0n)).toBe(4);
    client.port.close(device);
    client.port.close(group);
    expect(client.lockedPages()).toBe(0);
    expect(host.dma(DEVICE).read(5n, seen).faults).toHaveLength(1);
  });

  test("section 0.1: a closed or negative descriptor is EBADF", () => {
    const { client, container } = opened();
    client.port.close(container);
    expect([container, -1].map((fd) => client.ioctl(fd, 0))).toEqual([-EBADF, -EBADF]);
    expect(client.port.close(container)).toBe(-EBADF);
  });

  test("1.7: a process that exits takes its files along", () => {
    const { host } = opened({}, {});
    const guest = host.newProcess();
    const client = new RawClient(guest.port);
    const [container, group] = [client.openContainer(), client.openGroup(OTHER_GROUP)];
    expect(client.setContainer(group, container)).toBe(0);
    expect(client.setIommu(container, 3)).toBe(0);
    const memory = client.memory(3);
    expect(client.map(container, { vaddr: memory.address, iova: 0n, size: 3 * P })).toBe(0);
    guest.exit();
    expect(host.inspect.openDescriptors().filter(({ pid }) => pid !== host.process.pid)).toEqual(
      [],
    );
    expect(host.inspect.pinnedPages()).toBe(0);
    expect(host.memory.liveAllocations).toBe(0);
    expect(host.kernel.vfio?.groups.get(OTHER_GROUP)?.iommu.viable).toBe(true);
  });
});

describe("viability", () => {
  test("case 25: a member with an ordinary driver", () => {
    const { client, container } = opened({ sharedGroup: "kernel-driver" });
    const group = client.openGroup(SHARED_GROUP);
    expect(client.status(group)).toEqual({ rc: 0, flags: 0 });
    expect(client.setContainer(group, container)).toBe(-EPERM);
  });

  test("case 27: an ordinary driver cannot take a member of an owned group", () => {
    const { client, container } = opened();
    const group = client.openGroup(SHARED_GROUP);
    expect(client.setContainer(group, container)).toBe(0);
    const device = "/sys/bus/pci/devices/0000:00:04.1";
    expect(client.port.writeText(`${device}/driver/unbind`, "0000:00:04.1")).toBe(12);
    expect(client.port.writeText(`${device}/driver_override`, "uio_pci_generic")).toBe(15);
    const bind = "/sys/bus/pci/drivers/uio_pci_generic/bind";
    expect(client.port.writeText(bind, "0000:00:04.1")).toBe(-EBUSY);
    expect(client.unsetContainer(group)).toBe(0);
    expect(client.port.writeText(bind, "0000:00:04.1")).toBe(12);
    expect(client.status(group).flags).toBe(0);
  });
});

describe("permissions", () => {
  test("section 1.1: the container is everyone's, a group node is root's", () => {
    const { host } = opened();
    const user = new RawClient(host.newProcess({ uid: 1000 }).port);
    expect(user.openContainer()).toBeGreaterThan(2);
    expect(user.openGroup(OTHER_GROUP)).toBe(-EACCES);
    const changed = opened(limitedTo(4));
    expect(changed.group).toBeGreaterThan(2);
  });

  test("a kernel without VFIO has no nodes", () => {
    const { container, group } = opened({ vfio: "absent" });
    expect([container, group]).toEqual([-ENOENT, -ENOENT]);
  });

  test("section 1.6: without a free descriptor GET_DEVICE_FD is EMFILE and opens nothing", () => {
    const { client, group } = enabled(3, { process: { descriptorLimit: 5 } });
    expect(client.deviceFd(group, "0000:ff:1f.7")).toBe(-ENODEV);
    expect(client.deviceFd(group, DEVICE)).toBe(-EMFILE);
    expect(client.unsetContainer(group)).toBe(0);
    expect(client.openContainer()).toBe(-EMFILE);
  });
});

describe("device names", () => {
  test.each([
    ["", "fd"],
    [" ", "fd"],
    ["x", -ENODEV],
    [" foo", -EINVAL],
    [" vf_token=2ab74924-c335-45f4-9b16-8569e5b08258", -EINVAL],
  ])("case 32: the name followed by %j", (suffix, expected) => {
    const { client, group } = enabled();
    const fd = client.deviceFd(group, `${DEVICE}${suffix}`);
    expect(fd > 0 ? "fd" : fd).toBe(expected);
  });
});
