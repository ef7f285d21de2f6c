// Gives PCI devices to vfio-pci, and gives them back as they were.
//
// For programs that set a machine up for VFIO by themselves. Written against the port. Must never leave
// a device half way: a failure restores every device touched so far, and `close()` restores all.
// Rests on Documentation/ABI/testing/sysfs-bus-pci (driver_override, unbind, drivers_probe) and
// Documentation/driver-api/vfio.rst. driver_override binds this one device; new_id would take every
// device of its kind.

import { IommuError, type KernelPort, refusedByKernel } from "@iommukit/core";
import { ENOENT } from "./native/errno.ts";
import { checkPciAddress } from "./pci-address.ts";
import { PCI_DEVICES, PCI_DRIVERS, readDriver, readIommuGroup } from "./sysfs.ts";
import {
  type DeviceState,
  readState,
  restore,
  VFIO_FOLDER,
  VFIO_PCI,
  writeAttribute,
} from "./vfio-restore.ts";

/** A device that vfio-pci has, and the group to open for it. */
export interface BoundDevice {
  readonly address: string;
  readonly group: number;
}

/** Devices that are VFIO's until this is closed. */
export interface VfioBinding {
  readonly devices: readonly BoundDevice[];
  /**
   * Restores each device's driver_override and driver, last bound first. Close devices, groups and
   * containers before: while one is open nothing is touched. After a failure it can be called again.
   *
   * Valid errors: `close-failed`.
   */
  close(): void;
  [Symbol.dispose](): void;
}

const OPERATION = "bindToVfio";

/**
 * Binds PCI devices to vfio-pci. All, or none and everything restored.
 *
 * Valid errors: `invalid-argument`, `vfio-missing` (module not loaded), `device-not-found` (none, or
 * it has no IOMMU group), `group-not-found` (no /dev/vfio node appeared), `permission-denied`,
 * `device-busy`, `kernel-refused`, `kernel-misbehaved`.
 */
export function bindToVfio(port: KernelPort, addresses: readonly string[]): VfioBinding {
  checkAddresses(addresses);
  checkModule(port);
  // Everything is read before anything is written: most refusals then change nothing at all.
  const before = addresses.map((address) => readBefore(port, address));
  const bound: BoundDevice[] = [];
  try {
    for (const state of before) bound.push(bindOne(port, state));
  } catch (error) {
    // The one that failed was touched as well.
    throw undone(error, restore(port, before.slice(0, bound.length + 1)));
  }
  return new Binding(port, bound, before);
}

class Binding implements VfioBinding {
  readonly devices: readonly BoundDevice[];
  readonly #port: KernelPort;
  #left: readonly DeviceState[];

  constructor(port: KernelPort, devices: readonly BoundDevice[], before: readonly DeviceState[]) {
    this.devices = devices;
    this.#port = port;
    this.#left = before;
  }

  close(): void {
    if (this.#left.length === 0) return;
    const failures = restore(this.#port, this.#left);
    if (failures.length === 0) {
      this.#left = [];
      return;
    }
    throw new IommuError({
      code: "close-failed",
      operation: "close vfio binding",
      sentence: "not every device got its driver back",
      facts: { failures: failures.map((failure) => failure.message.replaceAll("\n", ";")) },
      hint: "remove the cause and call close() again",
      cause: new AggregateError(failures, "what could not be restored"),
    });
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

function checkAddresses(addresses: readonly string[]): void {
  for (const address of addresses) checkPciAddress(OPERATION, address);
  if (addresses.length > 0 && new Set(addresses).size === addresses.length) return;
  throw new IommuError({
    code: "invalid-argument",
    operation: OPERATION,
    sentence: addresses.length === 0 ? "no device was named" : "a device is named twice",
    facts: { addresses: [...addresses] },
  });
}

function checkModule(port: KernelPort): void {
  const driver = port.list(`${PCI_DRIVERS}/${VFIO_PCI}`);
  if (typeof driver !== "number") return;
  throw refusedByKernel(port.abi, {
    operation: OPERATION,
    result: driver,
    sentence: "the kernel has no vfio-pci driver",
    codes: { ENOENT: "vfio-missing" },
    hints: { ENOENT: "load it: modprobe vfio-pci" },
  });
}

function readBefore(port: KernelPort, address: string): DeviceState {
  const folder = port.list(`${PCI_DEVICES}/${address}`);
  if (typeof folder === "number")
    throw refusedByKernel(port.abi, {
      operation: OPERATION,
      result: folder,
      sentence: `there is no PCI device ${address}`,
      facts: { address },
      codes: { ENOENT: "device-not-found" },
      hints: { ENOENT: "see /sys/bus/pci/devices; the form is 0000:00:02.0" },
    });
  checkNotIommu(port, address);
  if (readIommuGroup(port, address) === undefined && !hasIommu(port)) throw noGroup(address);
  return readState(port, address);
}

/**
 * Whether any device of the machine has a group. Behind a virtio-iommu (seen on 6.12) a device gets
 * its group only when a driver is first probed, so a missing link alone does not refuse it.
 */
function hasIommu(port: KernelPort): boolean {
  const groups = port.list("/sys/kernel/iommu_groups");
  return typeof groups !== "number" && groups.length > 0;
}

/** Unbinding a virtio-iommu that devices stand behind was a NULL dereference in the kernel (6.12). */
function checkNotIommu(port: KernelPort, address: string): void {
  const units = port.list("/sys/class/iommu");
  if (typeof units === "number") return;
  const own = units.find((unit) => {
    const target = port.readLink(`/sys/class/iommu/${unit}`);
    return typeof target === "string" && target.includes(`/${address}/`);
  });
  if (own === undefined) return;
  throw new IommuError({
    code: "device-busy",
    operation: OPERATION,
    sentence: `${address} is an IOMMU itself, and other devices stand behind it`,
    facts: { address, iommu: own },
  });
}

function noGroup(address: string): IommuError {
  return new IommuError({
    code: "device-not-found",
    operation: OPERATION,
    sentence: `device ${address} has no IOMMU group, so nothing would keep its DMA in bounds`,
    facts: { address },
    hint: "switch the IOMMU on: intel_iommu=on or amd_iommu=on, and in the firmware",
  });
}

function bindOne(port: KernelPort, { address, driver: old }: DeviceState): BoundDevice {
  if (old !== VFIO_PCI) {
    writeAttribute(port, `${PCI_DEVICES}/${address}/driver_override`, VFIO_PCI);
    if (old !== undefined) writeAttribute(port, `${PCI_DRIVERS}/${old}/unbind`, address);
    writeAttribute(port, "/sys/bus/pci/drivers_probe", address);
  }
  const driver = readDriver(port, address);
  const group = readIommuGroup(port, address);
  if (group === undefined) throw noGroup(address);
  if (driver !== VFIO_PCI) throw notBound(address, driver);
  checkNode(port, address, group);
  return { address, group };
}

/** drivers_probe answers success when no driver wanted the device, so only the link is proof. */
function notBound(address: string, driver: string | undefined): IommuError {
  return new IommuError({
    code: driver === undefined ? "kernel-refused" : "device-busy",
    operation: OPERATION,
    sentence: `the kernel did not bind ${address} to vfio-pci`,
    facts: { address, driver },
    hint:
      driver === undefined
        ? "vfio-pci refuses bridges, and devices whose group has no usable IOMMU; dmesg has the reason"
        : `driver ${driver} took it at the same moment`,
  });
}

function checkNode(port: KernelPort, address: string, group: number): void {
  const nodes = port.list(VFIO_FOLDER);
  if (typeof nodes !== "number" && nodes.includes(String(group))) return;
  if (typeof nodes === "number" && nodes !== -ENOENT)
    throw refusedByKernel(port.abi, {
      operation: OPERATION,
      result: nodes,
      sentence: `${VFIO_FOLDER} cannot be read`,
    });
  throw new IommuError({
    code: "group-not-found",
    operation: OPERATION,
    sentence: `${address} is bound to vfio-pci, but ${VFIO_FOLDER}/${group} did not appear`,
    facts: { address, group },
    hint: "the kernel may have VFIO without group nodes (CONFIG_VFIO_GROUP), or /dev is not devtmpfs",
  });
}

/** The first error, with what could not be put back; the devices it names need a hand. */
function undone(error: unknown, failures: readonly Error[]): unknown {
  if (failures.length === 0 || !(error instanceof IommuError)) return error;
  return new IommuError({
    code: error.code,
    operation: error.operation,
    sentence: `${error.message.split("\n")[0]}; restoring failed too`,
    facts: { ...error.facts, notRestored: failures.map((failure) => failure.message) },
    hint: error.hint,
    cause: new AggregateError([error, ...failures], "the refusal, and what could not be restored"),
  });
}
