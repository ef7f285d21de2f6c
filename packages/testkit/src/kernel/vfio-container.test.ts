// type1.md 7.1, by case number: containers and groups, their order and their errors.

import { describe, expect, test } from "vitest";
import { EACCES, EBADF, EEXIST, EINVAL, ENODEV, ENOTTY, EPERM } from "./errno.ts";
import { P } from "./testing/raw-client.ts";
import { attached, DEVICE, enabled, OTHER_DEVICE, OTHER_GROUP, opened } from "./testing/ready.ts";

describe("a fresh container", () => {
  test("case 1: an unknown command is EINVAL, not ENOTTY", () => {
    const { client, container } = opened();
    expect(client.port.ioctl(container, 0x3bff, 0)).toBe(-EINVAL);
  });

  test("case 2: GET_INFO with NULL is EINVAL, not EFAULT", () => {
    const { client, container } = opened();
    expect(client.ioctl(container, 12, 0)).toBe(-EINVAL);
  });

  const extensions = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11];
  test.each([
    { state: "case 3, no group", make: opened, yes: [1, 3, 6, 9] },
    { state: "1.8, a group, no IOMMU", make: attached, yes: [1, 3, 6, 9] },
    { state: "1.8, Type1 v2", make: () => enabled(3), yes: [1, 3, 6, 9, 10] },
    { state: "1.8, Type1 v1", make: () => enabled(1), yes: [1, 3, 6, 9, 10] },
  ])("case 3: extensions with $state", ({ make, yes }) => {
    const { client, container } = make();
    expect(extensions.filter((value) => client.checkExtension(container, value) === 1)).toEqual(
      yes,
    );
    expect(client.checkExtension(container, 999)).toBe(0);
  });

  test("section 1.8: DMA_CC follows the snoop control of the IOMMU", () => {
    const { client, container } = enabled(3, {}, { vtd: { snoopControl: true } });
    expect(client.checkExtension(container, 4)).toBe(1);
  });

  test("case 4: SET_IOMMU without a group is EINVAL, whatever the value", () => {
    const { client, container } = opened();
    expect([3, 999].map((value) => client.setIommu(container, value))).toEqual([-EINVAL, -EINVAL]);
  });

  test("section 1.3: the API version is 0 in every state", () => {
    for (const make of [opened, attached, enabled]) {
      const { client, container } = make();
      expect(client.ioctl(container, 0)).toBe(0);
    }
  });
});

describe("SET_IOMMU", () => {
  test.each([
    [999, -ENODEV],
    [4, -ENODEV],
    [9, -EINVAL],
    [10, -ENODEV],
    [6, -EINVAL],
    [8, -ENODEV],
  ])("case 12: value %i answers %i and leaves the container as it was", (value, expected) => {
    const { client, container } = attached();
    expect(client.setIommu(container, value)).toBe(expected);
    expect(client.setIommu(container, 3)).toBe(0);
  });

  test("case 13: GET_DEVICE_FD before an IOMMU is set", () => {
    const { client, group } = attached();
    expect(client.deviceFd(group, DEVICE)).toBe(-EINVAL);
  });

  test("case 14 and 15: with an IOMMU set", () => {
    const { client, container } = enabled();
    expect(client.setIommu(container, 1)).toBe(-EINVAL);
    expect(client.checkExtension(container, 10)).toBe(1);
    expect(client.port.ioctl(container, 0x3bff, 0)).toBe(-ENOTTY);
    expect(client.ioctl(container, 15)).toBe(-ENOTTY);
  });

  test("case 31: without interrupt remapping EPERM, unless the parameter allows it", () => {
    const machine = { vtd: { interruptRemapping: false } };
    const { client, container, host } = attached({}, machine);
    expect(client.setIommu(container, 3)).toBe(-EPERM);
    expect(client.setIommu(container, 99)).toBe(-ENODEV);
    expect(host.inspect.mappings()).toEqual([]);
    const parameter = "/sys/module/vfio_iommu_type1/parameters/allow_unsafe_interrupts";
    expect(client.port.writeText(parameter, "Y\n")).toBe(2);
    expect(client.setIommu(container, 3)).toBe(0);
  });

  test("section 1.5: a kernel without the Type1 driver", () => {
    const { client, container } = attached({ vfio: "without-type1" });
    expect(client.checkExtension(container, 1)).toBe(0);
    expect(client.setIommu(container, 1)).toBe(-ENODEV);
  });

  test("section 1.5: an empty container may take another type", () => {
    const { client, container, group } = enabled(3);
    expect(client.unsetContainer(group)).toBe(0);
    expect(client.setIommu(container, 1)).toBe(-EINVAL);
    expect(client.setContainer(group, container)).toBe(0);
    expect(client.setIommu(container, 1)).toBe(0);
    expect(client.dirty(container, 1)).toBe(-EACCES);
  });
});

describe("several groups", () => {
  function two() {
    const ready = enabled();
    const second = ready.client.openGroup(OTHER_GROUP);
    expect(ready.client.setContainer(second, ready.container)).toBe(0);
    return { ...ready, second };
  }

  test("case 28: pages are pinned and counted once, and both devices reach them", () => {
    const { client, container, host } = two();
    const memory = client.memory(8);
    memory.bytes[9] = 3;
    expect(client.map(container, { vaddr: memory.address, iova: 0n, size: 8 * P })).toBe(0);
    expect(client.lockedPages()).toBe(8);
    for (const address of [DEVICE, OTHER_DEVICE]) {
      const seen = new Uint8Array(1);
      expect(host.dma(address).read(9n, seen).moved).toBe(1);
      expect(seen[0]).toBe(3);
    }
  });

  test("case 29: removing one group keeps the mappings for the other", () => {
    const { client, container, group, host } = two();
    const memory = client.memory(1);
    const request = { vaddr: memory.address, iova: 0n, size: P };
    expect(client.map(container, request)).toBe(0);
    expect(client.unsetContainer(group)).toBe(0);
    expect(client.map(container, request)).toBe(-EEXIST);
    expect(host.dma(DEVICE).read(0n, new Uint8Array(1)).faults).toHaveLength(1);
    expect(host.dma(OTHER_DEVICE).read(0n, new Uint8Array(1)).faults).toHaveLength(0);
  });

  test("case 30: with both gone the container is empty again", () => {
    const { client, container, group, second, host } = two();
    expect([client.unsetContainer(group), client.unsetContainer(second)]).toEqual([0, 0]);
    expect(client.setIommu(container, 3)).toBe(-EINVAL);
    expect(host.inspect.mappings()).toEqual([]);
  });

  test("section 1.9: two containers isolate their groups from each other", () => {
    const { client, container, host } = enabled();
    const other = client.openContainer();
    expect(client.setContainer(client.openGroup(OTHER_GROUP), other)).toBe(0);
    expect(client.setIommu(other, 3)).toBe(0);
    const memory = client.memory(1);
    expect(client.map(container, { vaddr: memory.address, iova: 0n, size: P })).toBe(0);
    expect(host.dma(OTHER_DEVICE).write(0n, Uint8Array.of(1)).faults).toHaveLength(1);
    expect(memory.bytes[0]).toBe(0);
  });
});

describe("section 0.9: files that cannot be read or mapped", () => {
  test("read and write on container and group are EINVAL, mmap ENODEV", () => {
    const { client, container, group } = opened();
    for (const fd of [container, group]) {
      expect(client.port.readAt(fd, new Uint8Array(4), 0n)).toBe(-EINVAL);
      expect(client.port.writeAt(fd, new Uint8Array(4), 0n)).toBe(-EINVAL);
      expect(client.port.mapMemory({ length: P, fd })).toBe(-ENODEV);
    }
    expect(client.port.mapMemory({ length: P, fd: 99 })).toBe(-EBADF);
  });
});
