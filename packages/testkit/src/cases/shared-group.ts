// A group of two devices, one of which an ordinary driver can take: what viability is about.
//
// Found in sysfs, so it works on any kernel; whatever is changed for a case is put back.

import type { KernelPort } from "@iommukit/core/port";

const GROUPS = "/sys/kernel/iommu_groups";
const DEVICES = "/sys/bus/pci/devices";
const DRIVERS = "/sys/bus/pci/drivers";
const VFIO = "vfio-pci";
/** Drivers whose probe takes any function and does not touch it. */
const ORDINARY = ["uio_pci_generic", "iosf_mbi_pci"];
const BRIDGE = "0x06";

export interface SharedGroup {
  readonly group: number;
  /** Bound to vfio-pci for the case, and bound to the ordinary driver. */
  readonly member: string;
  readonly other: string;
  readonly driver: string;
}

export function findSharedGroup(port: KernelPort): SharedGroup | undefined {
  const driver = ORDINARY.find((name) => typeof port.list(`${DRIVERS}/${name}`) !== "number");
  if (driver === undefined) return undefined;
  for (const group of names(port, GROUPS)) {
    const [member, other] = names(port, `${GROUPS}/${group}/devices`).filter((address) =>
      isFree(port, address),
    );
    if (member !== undefined && other !== undefined)
      return { group: Number(group), member, other, driver };
  }
  return undefined;
}

/** Gives a device to a driver, or to none; answers what the kernel says to the binding. */
export function giveTo(port: KernelPort, address: string, driver: string | undefined): number {
  const now = driverOf(port, address);
  if (now === driver) return 0;
  if (now !== undefined) port.writeText(`${DRIVERS}/${now}/unbind`, address);
  port.writeText(`${DEVICES}/${address}/driver_override`, driver === undefined ? "\n" : driver);
  if (driver === undefined) return 0;
  const bound = port.writeText(`${DRIVERS}/${driver}/bind`, address);
  return Math.min(bound, 0);
}

export function driverOf(port: KernelPort, address: string): string | undefined {
  const link = port.readLink(`${DEVICES}/${address}/driver`);
  return typeof link === "string" ? link.split("/").at(-1) : undefined;
}

function isFree(port: KernelPort, address: string): boolean {
  const code = port.readText(`${DEVICES}/${address}/class`);
  if (typeof code !== "string" || code.startsWith(BRIDGE)) return false;
  const driver = driverOf(port, address);
  return driver === undefined || driver === VFIO;
}

function names(port: KernelPort, path: string): readonly string[] {
  const found = port.list(path);
  return typeof found === "number" ? [] : found;
}
