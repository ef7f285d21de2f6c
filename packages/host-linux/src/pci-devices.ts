// The PCI devices of a machine, with what decides whether VFIO can have them.
//
// For choosing devices to give to VFIO. Written against the port, so that it reads a simulated sysfs
// as well. Must never give a wrong answer for strange text: it throws `kernel-misbehaved`.
// Rests on Documentation/ABI/testing/sysfs-bus-pci and sysfs-kernel-iommu_groups.

import { type IommuError, isIommuError, type KernelPort } from "@iommukit/core";
import { ENOENT } from "./native/errno.ts";
import { isPciAddress } from "./pci-address.ts";
import {
  malformed,
  PCI_DEVICES,
  readDriver,
  readHex,
  readIommuGroup,
  unreadable,
} from "./sysfs.ts";

/** One PCI device as sysfs shows it. */
export interface PciDevice {
  /** `0000:00:02.0` */
  readonly address: string;
  readonly vendor: number;
  readonly device: number;
  /** 24 bits: class, subclass, programming interface. */
  readonly classCode: number;
  /** The bound driver, or undefined. */
  readonly driver: string | undefined;
  /** The IOMMU group's number. Undefined without an IOMMU, or (virtio-iommu) before the first probe. */
  readonly group: number | undefined;
}

/**
 * All PCI devices, by address. Empty on a machine without PCI.
 *
 * Valid errors: `kernel-misbehaved`, `permission-denied`, `kernel-refused`.
 */
export function listPciDevices(port: KernelPort): readonly PciDevice[] {
  const names = port.list(PCI_DEVICES);
  if (names === -ENOENT) return [];
  if (typeof names === "number") throw unreadable(port, PCI_DEVICES, names);
  const devices: PciDevice[] = [];
  for (const address of names) {
    if (!isPciAddress(address)) throw malformed(PCI_DEVICES, address);
    const device = readUnlessRemoved(port, address);
    if (device !== undefined) devices.push(device);
  }
  return devices;
}

function readUnlessRemoved(port: KernelPort, address: string): PciDevice | undefined {
  try {
    return readPciDevice(port, address);
  } catch (error) {
    // Hot-unplugged between the listing and the reading: then its directory is gone as well.
    const gone = isNotFound(error) && port.list(`${PCI_DEVICES}/${address}`) === -ENOENT;
    if (gone) return undefined;
    throw error;
  }
}

function isNotFound(error: unknown): error is IommuError {
  return isIommuError(error, "device-not-found");
}

function readPciDevice(port: KernelPort, address: string): PciDevice {
  const folder = `${PCI_DEVICES}/${address}`;
  return {
    address,
    vendor: readHex(port, `${folder}/vendor`, 16),
    device: readHex(port, `${folder}/device`, 16),
    classCode: readHex(port, `${folder}/class`, 24),
    driver: readDriver(port, address),
    group: readIommuGroup(port, address),
  };
}
