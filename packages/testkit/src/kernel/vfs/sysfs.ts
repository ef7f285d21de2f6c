// /sys as far as VFIO programs use it: PCI devices and drivers, IOMMU groups, module parameters.
//
// Links are relative and devices live under /sys/devices, as on a real system, so that programs that
// take the last part of a link, and those that resolve it, both work.

import type { Type1Parameters } from "../drivers/type1/state.ts";
import { EINVAL } from "../errno.ts";
import type { ReservedRegion } from "../iommu/domain.ts";
import type { IommuGroup } from "../iommu-group.ts";
import type { DriverCore } from "../pci/driver-core.ts";
import { type DeviceTreeNode, deviceTreeDirectory } from "./device-tree.ts";
import { type DirectoryNode, directory, link, text, type VfsNode } from "./nodes.ts";
import { pciDeviceDirectory } from "./sysfs-pci-device.ts";

export interface SysfsFacts {
  readonly drivers: DriverCore;
  readonly groups: readonly IommuGroup[];
  /** Null without the module. */
  readonly type1: Type1Parameters | null;
  /** What firmware says, on machines that boot from a device tree. */
  readonly deviceTree?: DeviceTreeNode | undefined;
}

export function sysfs(facts: SysfsFacts): DirectoryNode {
  const devices = pciDevices(facts.drivers);
  const bus = directory(() => ({ pci: pciBus(facts.drivers) }));
  const groups = directory(() => Object.fromEntries(facts.groups.map(groupEntry)));
  return directory(() => ({
    bus,
    class: directory(() => ({ iommu: directory(() => iommuClass(facts.groups)) })),
    devices: directory(() => ({ "pci0000:00": devices })),
    ...firmware(facts.deviceTree),
    kernel: directory(() => ({ iommu_groups: groups })),
    module: directory(() => modules(facts.type1)),
  }));
}

function firmware(tree: DeviceTreeNode | undefined): Record<string, VfsNode> {
  if (tree === undefined) return {};
  const base = deviceTreeDirectory(tree);
  return { firmware: directory(() => ({ devicetree: directory(() => ({ base })) })) };
}

/** One link for each IOMMU; a device links to the same one. */
function iommuClass(groups: readonly IommuGroup[]): Record<string, VfsNode> {
  const links = groups.map(({ iommu }) => iommu.sysfsLink);
  return Object.fromEntries(
    links.map((target) => [target.split("/").at(-1) ?? "", link(() => `../../devices/${target}`)]),
  );
}

function pciDevices(drivers: DriverCore): DirectoryNode {
  const entries = drivers.devices.map((device) => [device.address, pciDeviceDirectory(device)]);
  const nodes: Record<string, VfsNode> = Object.fromEntries(entries);
  return directory(() => nodes);
}

function pciBus(drivers: DriverCore): DirectoryNode {
  const devices = drivers.devices.map((device) => [
    device.address,
    link(() => `../../../devices/pci0000:00/${device.address}`),
  ]);
  const names: Record<string, VfsNode> = Object.fromEntries(devices);
  return directory(() => ({
    devices: directory(() => names),
    drivers: directory(() =>
      Object.fromEntries(drivers.driverNames.map((name) => [name, driverEntry(drivers, name)])),
    ),
    drivers_probe: command((line) => drivers.probe(line)),
  }));
}

function driverEntry(drivers: DriverCore, name: string): DirectoryNode {
  return directory(() => ({
    ...Object.fromEntries(
      drivers
        .boundTo(name)
        .map(({ address }) => [address, link(() => `../../../../devices/pci0000:00/${address}`)]),
    ),
    bind: command((line) => drivers.bind(name, line)),
    unbind: command((line) => drivers.unbind(name, line)),
    new_id: command((line) => drivers.newId(name, line)),
    remove_id: command((line) => drivers.removeId(name, line)),
  }));
}

/** A write-only attribute: success takes the whole write. */
function command(run: (line: string) => number): VfsNode {
  return {
    type: "text",
    write(line) {
      const errno = run(line);
      return errno === 0 ? line.length : errno;
    },
  };
}

function groupEntry(group: IommuGroup): [string, VfsNode] {
  const devices = directory(() =>
    Object.fromEntries(
      group.devices.map(({ address }) => [
        address,
        link(
          () =>
            `../../../../devices/${group.isMediated ? "virtual/mdev" : "pci0000:00"}/${address}`,
        ),
      ]),
    ),
  );
  const entries = {
    devices,
    name: text(() => nameOf(group)),
    reserved_regions: text(() => reservedRegions(group)),
    type: text(() => `${group.iommu.groupType ?? (group.owned ? "unmanaged" : "DMA")}\n`),
  };
  return [String(group.id), directory(() => entries)];
}

function nameOf({ iommu, id }: IommuGroup): string {
  const name = iommu.groupName?.(id);
  return name === undefined ? "" : `${name}\n`;
}

/** One line for each region, each region once, in order of address. */
function reservedRegions(group: IommuGroup): string {
  const lines = [...group.reservedRegions()]
    .sort((a, b) => a.first - b.first)
    .map((region) => `${hex(region.first)} ${hexLast(region)} ${region.type}\n`);
  return [...new Set(lines)].join("");
}

function hex(frame: number): string {
  return `0x${(BigInt(frame) << 12n).toString(16).padStart(16, "0")}`;
}

function hexLast(region: ReservedRegion): string {
  return `0x${(((BigInt(region.last) + 1n) << 12n) - 1n).toString(16).padStart(16, "0")}`;
}

function modules(type1: Type1Parameters | null): Record<string, VfsNode> {
  if (type1 === null) return {};
  const parameters = directory(() => ({
    allow_unsafe_interrupts: flag(
      () => type1.allowUnsafeInterrupts,
      (on) => {
        type1.allowUnsafeInterrupts = on;
      },
    ),
    disable_hugepages: flag(
      () => type1.disableHugepages,
      (on) => {
        type1.disableHugepages = on;
      },
    ),
    dma_entry_limit: {
      type: "text",
      read: () => `${type1.dmaEntryLimit}\n`,
      write(line) {
        if (!/^\d+\n?$/.test(line)) return -EINVAL;
        type1.dmaEntryLimit = Number.parseInt(line, 10);
        return line.length;
      },
    },
  }));
  return { vfio_iommu_type1: directory(() => ({ parameters })) };
}

/** A boolean module parameter, which prints Y or N. */
function flag(get: () => boolean, set: (on: boolean) => void): VfsNode {
  return {
    type: "text",
    read: () => (get() ? "Y\n" : "N\n"),
    write(line) {
      if (!/^[yYnN01]\n?$/.test(line)) return -EINVAL;
      set(/^[yY1]/.test(line));
      return line.length;
    },
  };
}
