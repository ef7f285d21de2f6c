// IOMMU groups as sysfs shows them, and why one is not viable.

import type { GroupDevice, GroupInfo } from "../contract/group.ts";
import { IommuError } from "../errors/base.ts";
import type { KernelPort } from "../port/kernel-port.ts";
import { IOMMU_GROUPS, isDeviceName, linkName, parseGroup } from "./paths.ts";

/**
 * Drivers that do no DMA of their own, so that the kernel lets a group be used beside them
 * (driver_managed_dma in 6.12; VFIO drivers have "vfio" in their names).
 */
const HARMLESS: ReadonlySet<string> = new Set(["pci-stub", "pcieport"]);

/** Whether a driver of this name keeps its group from being used; the kernel has the last word. */
export function driverBlocks(driver: string | undefined): boolean {
  if (driver === undefined || HARMLESS.has(driver)) return false;
  return !/(^|[-_])vfio([-_]|$)/.test(driver);
}

/** Every group of the machine, by number. Empty when no IOMMU is on. */
export function readGroups(port: KernelPort): readonly GroupInfo[] {
  const names = port.list(IOMMU_GROUPS);
  if (typeof names === "number") return [];
  return names
    .map(parseGroup)
    .filter((id) => id !== undefined)
    .sort((a, b) => a - b)
    .map((id) => ({ id, devices: readDevices(port, id) }));
}

/**
 * One group, or undefined when it does not exist.
 */
export function readGroup(port: KernelPort, id: number): GroupInfo | undefined {
  if (typeof port.list(`${IOMMU_GROUPS}/${id}`) === "number") return undefined;
  return { id, devices: readDevices(port, id) };
}

/**
 * The group of a device.
 *
 * Valid errors: `invalid-argument`, `device-not-found`.
 */
export function groupOf(port: KernelPort, address: string): number {
  if (!isDeviceName(address)) throw badName(address);
  for (const bus of ["pci", "platform", "fsl-mc", "amba"]) {
    const device = `/sys/bus/${bus}/devices/${address}`;
    const group = linkName(port, `${device}/iommu_group`);
    const id = group === undefined ? undefined : parseGroup(group);
    if (id !== undefined) return id;
    if (typeof port.list(device) !== "number") throw noGroup(address);
  }
  throw new IommuError({
    code: "device-not-found",
    operation: "groupOf",
    sentence: `there is no device ${address}`,
    facts: { address },
    hint: "PCI addresses have the form 0000:00:02.0; see /sys/bus/pci/devices",
  });
}

/** The error for a group the kernel will not hand out, with the devices that block it. */
export function notViable(port: KernelPort, group: number, cause?: unknown): IommuError {
  const blocking = readDevices(port, group).filter((device) => device.blocks);
  const named = blocking.map((device) => `${device.address} (${device.driver ?? "no driver"})`);
  return new IommuError({
    code: "group-not-viable",
    operation: "attach",
    sentence:
      named.length > 0
        ? `group ${group} is not viable: ${named.join(", ")} held by the kernel`
        : `group ${group} is not viable, and no driver of it shows why`,
    facts: { group, blocking: named },
    hint:
      named.length > 0
        ? `bind ${blocking.map((device) => device.address).join(" and ")} to vfio-pci, or unbind the driver`
        : "another VFIO or iommufd user may own the group's DMA",
    cause,
  });
}

function readDevices(port: KernelPort, id: number): readonly GroupDevice[] {
  const names = port.list(`${IOMMU_GROUPS}/${id}/devices`);
  if (typeof names === "number") return [];
  return names.filter(isDeviceName).map((address) => {
    const driver = linkName(port, `${IOMMU_GROUPS}/${id}/devices/${address}/driver`);
    return { address, driver, blocks: driverBlocks(driver) };
  });
}

function badName(address: unknown): IommuError {
  return new IommuError({
    code: "invalid-argument",
    operation: "groupOf",
    sentence: `${JSON.stringify(address) ?? typeof address} is not a device's address`,
    hint: "PCI addresses have the form 0000:00:02.0",
  });
}

function noGroup(address: string): IommuError {
  return new IommuError({
    code: "device-not-found",
    operation: "groupOf",
    sentence: `device ${address} has no IOMMU group`,
    facts: { address },
    hint: "switch the IOMMU on: intel_iommu=on or amd_iommu=on, and in the firmware",
  });
}
