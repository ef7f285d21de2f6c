// Which IOMMUs serve a group, as sysfs links its devices to them.

import type { KernelPort } from "../port/kernel-port.ts";
import { IOMMU_GROUPS, isDeviceName } from "./paths.ts";

/**
 * The link of each device of the group to its IOMMU, as it is written: `../../virtual/iommu/dmar0`,
 * `../0000:00:01.0/iommu/ivhd0`, `../0000:00:03.0/virtio0/iommu/0000:00:03.0`. Devices without one
 * are left out.
 */
export function readIommuLinks(port: KernelPort, group: number): readonly string[] {
  const devices = port.list(`${IOMMU_GROUPS}/${group}/devices`);
  if (typeof devices === "number") return [];
  return devices
    .filter(isDeviceName)
    .map((address) => port.readLink(`${IOMMU_GROUPS}/${group}/devices/${address}/iommu`))
    .filter((target) => typeof target === "string");
}
