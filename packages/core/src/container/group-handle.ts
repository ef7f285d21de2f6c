// One open group: its node, its status, its place in a container.

import { createElements } from "../abi/elements.ts";
import { ioctlNumber } from "../abi/ioctl-number.ts";
import { createReader } from "../abi/reader.ts";
import { createWriter } from "../abi/writer.ts";
import { IommuError } from "../errors/base.ts";
import { refusedByKernel } from "../errors/kernel.ts";
import type { KernelPort } from "../port/kernel-port.ts";
import * as uapi from "../uapi/group.ts";
import { notViable, readGroup } from "./groups.ts";
import { groupNode } from "./paths.ts";

/** An open group node. Its descriptor is closed once, by `close`. */
export interface GroupHandle {
  readonly id: number;
  readonly fd: number;
}

/** Opens a group's node and checks that it can be used. Closes it again when it throws. */
export function openGroup(port: KernelPort, id: number): GroupHandle {
  const fd = port.open(groupNode(id), "rw");
  if (fd < 0) throw openRefused(port, id, fd);
  try {
    checkStatus(port, id, fd);
  } catch (error) {
    port.close(fd);
    throw error;
  }
  return { id, fd };
}

/** VFIO_GROUP_SET_CONTAINER. */
export function setContainer(port: KernelPort, group: GroupHandle, container: number): void {
  const descriptor = new Uint8Array(4);
  createElements("s32", port.abi, descriptor).set(0, container);
  const request = ioctlNumber(port.abi, uapi.VFIO_GROUP_SET_CONTAINER);
  const result = port.ioctl(group.fd, request, descriptor);
  if (result === 0) return;
  const error = refusedByKernel(port.abi, {
    operation: "VFIO_GROUP_SET_CONTAINER",
    result,
    sentence: `group ${group.id} cannot join the container`,
    facts: { group: group.id },
    codes: { EBUSY: "group-busy", EPERM: "group-not-viable" },
    hints: {
      EINVAL:
        "a device of it needs a fixed mapping (RMRR or unity map), or a live mapping lies in a range it reserves",
      EBUSY: "its DMA is owned elsewhere, or a mapping of the container waits for a new address",
    },
  });
  throw error.code === "group-not-viable" ? notViable(port, group.id, error) : error;
}

/** VFIO_GROUP_UNSET_CONTAINER. */
export function unsetContainer(port: KernelPort, group: GroupHandle): void {
  const request = ioctlNumber(port.abi, uapi.VFIO_GROUP_UNSET_CONTAINER);
  const result = port.ioctl(group.fd, request, 0);
  if (result === 0) return;
  throw refusedByKernel(port.abi, {
    operation: "VFIO_GROUP_UNSET_CONTAINER",
    result,
    sentence: `group ${group.id} cannot leave the container`,
    facts: { group: group.id },
    codes: { EBUSY: "group-busy" },
    hints: { EBUSY: "close its devices first" },
  });
}

export function closeGroup(port: KernelPort, group: GroupHandle): void {
  const result = port.close(group.fd);
  if (result !== 0)
    throw refusedByKernel(port.abi, {
      operation: "close",
      result,
      sentence: `closing group ${group.id} failed`,
      facts: { group: group.id },
    });
}

function checkStatus(port: KernelPort, id: number, fd: number): void {
  const argument = createWriter(uapi.vfio_group_status, port.abi);
  argument.set.argsz(argument.bytes.length);
  const request = ioctlNumber(port.abi, uapi.VFIO_GROUP_GET_STATUS);
  const result = port.ioctl(fd, request, argument.bytes);
  if (result !== 0)
    throw refusedByKernel(port.abi, {
      operation: "VFIO_GROUP_GET_STATUS",
      result,
      sentence: `group ${id} does not tell its status`,
      facts: { group: id },
    });
  const flags = createReader(uapi.vfio_group_status, port.abi, argument.bytes).get.flags();
  if ((flags & uapi.VFIO_GROUP_FLAGS_VIABLE) === 0) throw notViable(port, id);
  if ((flags & uapi.VFIO_GROUP_FLAGS_CONTAINER_SET) !== 0)
    throw new IommuError({
      code: "group-busy",
      operation: "VFIO_GROUP_GET_STATUS",
      sentence: `group ${id} is in a container already`,
      facts: { group: id },
    });
}

function openRefused(port: KernelPort, id: number, result: number): IommuError {
  const exists = readGroup(port, id);
  const members = exists?.devices.map((device) => device.address).join(", ");
  return refusedByKernel(port.abi, {
    operation: `open ${groupNode(id)}`,
    result,
    sentence:
      exists === undefined ? `there is no IOMMU group ${id}` : `group ${id} cannot be opened`,
    facts: { group: id },
    codes: { ENOENT: "group-not-found", ENODEV: "group-not-found", EBUSY: "group-busy" },
    hints: {
      ENOENT:
        exists === undefined
          ? "see /sys/kernel/iommu_groups; it is empty when no IOMMU is on"
          : `bind a device of it to vfio-pci first: ${members}`,
      EBUSY: "another program, or this one, has it open; one open file at a time",
      EACCES: `let this user read and write ${groupNode(id)}`,
      EPERM: "a group without an IOMMU needs CAP_SYS_RAWIO",
    },
  });
}
