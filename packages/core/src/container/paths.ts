// Where the kernel puts what VFIO needs, and the grammar of the names found there.
//
// sysfs text is data from outside: a name is used only if it matches whole (invariant I36).

import type { KernelPort } from "../port/kernel-port.ts";

export const VFIO_CONTAINER = "/dev/vfio/vfio";
export const IOMMU_GROUPS = "/sys/kernel/iommu_groups";

const GROUP = /^\d{1,10}$/;
/** A device's directory name: `0000:00:02.0`, `fd000000.dma`, never a path. */
const DEVICE = /^[A-Za-z0-9][A-Za-z0-9:._-]{0,63}$/;

export function groupNode(group: number): string {
  return `/dev/vfio/${group}`;
}

/** Whether a text can be a device's name in sysfs: no path, nothing hidden, at most 64 characters. */
export function isDeviceName(name: unknown): name is string {
  return typeof name === "string" && DEVICE.test(name) && !name.includes("..");
}

/** A group number of 0 to 2^31 - 1, or undefined when the text is none. */
export function parseGroup(text: string): number | undefined {
  if (!GROUP.test(text)) return undefined;
  const value = Number(text);
  return value < 2 ** 31 ? value : undefined;
}

/** The last component of a link's target, or undefined when there is no such link. */
export function linkName(port: KernelPort, path: string): string | undefined {
  const target = port.readLink(path);
  if (typeof target !== "string") return undefined;
  return target.slice(target.lastIndexOf("/") + 1);
}
