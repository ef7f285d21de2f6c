// /sys/devices/pci0000:00/<address>: identity, driver, group, configuration space.

import type { PciDevice } from "../pci/pci-device.ts";
import {
  type BytesNode,
  type DirectoryNode,
  directory,
  link,
  text,
  type VfsNode,
} from "./nodes.ts";

const IO_RESOURCE = 0x101;
const MEMORY_RESOURCE = 0x200;
const BAR0 = 0x10;
const HEADER_BYTES = 64;

export function pciDeviceDirectory(device: PciDevice): DirectoryNode {
  const fixed: Record<string, VfsNode> = {
    class: text(() => `0x${hex(device.function.classCode, 6)}\n`),
    config: configBytes(device),
    device: text(() => `0x${hex(device.function.device, 4)}\n`),
    driver_override: driverOverride(device),
    iommu: link(() => device.group.iommu.sysfsLink),
    iommu_group: link(() => `../../../kernel/iommu_groups/${device.group.id}`),
    resource: text(() => resources(device)),
    subsystem: link(() => "../../../bus/pci"),
    vendor: text(() => `0x${hex(device.function.vendor, 4)}\n`),
  };
  return directory(() =>
    device.driver === null
      ? fixed
      : { ...fixed, driver: link(() => `../../../bus/pci/drivers/${device.driver ?? ""}`) },
  );
}

/** Prints "(null)" when unset; an empty write clears it. */
function driverOverride(device: PciDevice): VfsNode {
  return {
    type: "text",
    read: () => `${device.driverOverride ?? "(null)"}\n`,
    write(line) {
      const name = line.replace(/\n.*$/s, "");
      device.driverOverride = name === "" ? null : name;
      return line.length;
    },
  };
}

/** Who is not root reads the header only: reading more can upset some devices. */
function configBytes(device: PciDevice): BytesNode {
  const { configSize } = device.function;
  return {
    type: "bytes",
    mode: 0o644,
    read(into, offset, process) {
      const readable = process.uid === 0 ? configSize : HEADER_BYTES;
      const count = Math.max(0, Math.min(into.length, readable - offset));
      for (let at = 0; at < count; at += 1) into[at] = device.function.readConfig(offset + at);
      return count;
    },
    write(from, offset) {
      const count = Math.max(0, Math.min(from.length, configSize - offset));
      for (let at = 0; at < count; at += 1)
        device.function.writeConfig(offset + at, from.subarray(at, at + 1));
      return count;
    },
  };
}

/** Start, end and flags of the six BARs. */
function resources(device: PciDevice): string {
  const lines = device.function.bars.map((bar, index) => {
    if (bar.length === 0) return `${resource(0)} ${resource(0)} ${resource(0)}\n`;
    const start = barAddress(device, index);
    const flags = bar.kind === "io" ? IO_RESOURCE : MEMORY_RESOURCE;
    return `${resource(start)} ${resource(start + bar.length - 1)} ${resource(flags)}\n`;
  });
  return lines.join("");
}

function barAddress(device: PciDevice, index: number): number {
  let value = 0;
  for (let at = 3; at >= 0; at -= 1)
    value = value * 256 + device.function.readConfig(BAR0 + 4 * index + at);
  return value - (value % 16);
}

function resource(value: number): string {
  return `0x${hex(value, 16)}`;
}

function hex(value: number, digits: number): string {
  return value.toString(16).padStart(digits, "0");
}
