// Puts a PCI device's driver and driver_override back to what they were.
//
// For closing a VFIO binding and for undoing half of one. Must never unbind a device that is open:
// the kernel then sleeps in that write until the descriptor is closed, which this thread would never
// get to do. Works from the state it finds, not from a list of steps done, so it can be repeated.
// Rests on Documentation/ABI/testing/sysfs-bus-pci and on the group node's EBUSY while it is open.

import { IommuError, type KernelPort, refusedByKernel } from "@iommukit/core";
import { EBUSY } from "./native/errno.ts";
import {
  malformed,
  PCI_DEVICES,
  PCI_DRIVERS,
  readAttribute,
  readDriver,
  readIommuGroup,
} from "./sysfs.ts";

export interface DeviceState {
  readonly address: string;
  readonly driver: string | undefined;
  /** The driver_override, or undefined when none is set. */
  readonly override: string | undefined;
}

export const VFIO_PCI = "vfio-pci";
export const VFIO_FOLDER = "/dev/vfio";
/** How kernels print a driver_override that is not set: `(null)` is printf's, 6.12 among them. */
const NO_OVERRIDE: readonly string[] = ["(null)", ""];
/** A line without a name clears it; an empty write would not reach the driver core. */
const CLEAR_OVERRIDE = "\n";
const OVERRIDE = /^([ -~]{0,4095})\n?$/;

export function readState(port: KernelPort, address: string): DeviceState {
  const path = `${PCI_DEVICES}/${address}/driver_override`;
  const text = readAttribute(port, path);
  const override = OVERRIDE.exec(text)?.[1];
  if (override === undefined) throw malformed(path, text);
  return {
    address,
    driver: readDriver(port, address),
    override: NO_OVERRIDE.includes(override) ? undefined : override,
  };
}

/** Writes an attribute with one store; throws what the kernel answers. */
export function writeAttribute(port: KernelPort, path: string, text: string): void {
  const result = port.writeText(path, text);
  if (result === text.length) return;
  throw refusedByKernel(port.abi, {
    operation: `write ${path}`,
    result,
    sentence: `${JSON.stringify(text)} was not taken by ${path}`,
    facts: { path },
    codes: { EBUSY: "device-busy" },
    hints: {
      EACCES: "changing drivers needs root",
      EPERM: "changing drivers needs root, and a kernel that is not locked down",
      EBUSY: "the device, or its IOMMU group, is in use",
      EROFS: "sysfs is mounted read-only, as containers do",
    },
  });
}

/**
 * Restores devices, last first; tries all and answers what failed. While any of their groups is open
 * it changes nothing.
 */
export function restore(port: KernelPort, devices: readonly DeviceState[]): readonly Error[] {
  const busy = devices.flatMap((device) => collect(() => checkNotOpen(port, device)));
  if (busy.length > 0) return busy;
  return devices.toReversed().flatMap((device) => restoreOne(port, device));
}

function restoreOne(port: KernelPort, before: DeviceState): readonly Error[] {
  return [
    ...collect(() => restoreOverride(port, before)),
    ...collect(() => restoreDriver(port, before)),
  ];
}

function restoreOverride(port: KernelPort, { address, override }: DeviceState): void {
  if (readState(port, address).override === override) return;
  const path = `${PCI_DEVICES}/${address}/driver_override`;
  writeAttribute(port, path, override ?? CLEAR_OVERRIDE);
}

function restoreDriver(port: KernelPort, { address, driver: wanted }: DeviceState): void {
  const current = readDriver(port, address);
  if (current === wanted) return;
  if (current !== undefined && current !== VFIO_PCI)
    throw new IommuError({
      code: "device-busy",
      operation: "restore driver",
      sentence: `${address} was taken by driver ${current} meanwhile; it is left there`,
      facts: { address, driver: current, before: wanted },
    });
  if (current !== undefined) writeAttribute(port, `${PCI_DRIVERS}/${VFIO_PCI}/unbind`, address);
  if (wanted === undefined) return;
  writeAttribute(port, `${PCI_DRIVERS}/${wanted}/bind`, address);
  const now = readDriver(port, address);
  if (now === wanted) return;
  throw new IommuError({
    code: "kernel-misbehaved",
    operation: "restore driver",
    sentence: `${address} was bound to ${wanted}, and its driver link says otherwise`,
    facts: { address, driver: now, before: wanted },
  });
}

/** A group node opens once, and stays busy until the last of its devices is closed. */
function checkNotOpen(port: KernelPort, before: DeviceState): void {
  if (before.driver === VFIO_PCI || readDriver(port, before.address) !== VFIO_PCI) return;
  const group = readIommuGroup(port, before.address);
  const fd = group === undefined ? -1 : port.open(`${VFIO_FOLDER}/${group}`, "r");
  if (fd >= 0) port.close(fd);
  if (fd !== -EBUSY) return;
  throw new IommuError({
    code: "device-busy",
    operation: "restore driver",
    sentence: `IOMMU group ${group} of ${before.address} is open; unbinding would wait for it for ever`,
    facts: { address: before.address, group },
    hint: "close its devices, its group and its container first",
  });
}

function collect(step: () => void): readonly Error[] {
  try {
    step();
    return [];
  } catch (error) {
    return [error instanceof Error ? error : new Error(String(error))];
  }
}
