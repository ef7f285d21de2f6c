// sysfs attributes and links, read by grammar: a value that matches whole, or a typed error.
//
// For PCI discovery and for binding drivers. Must never pass on text that only looks right: sysfs of
// another kernel, of a recording or of a simulator is data from outside.
// Rests on sysfs(5): an attribute is one line; a link's target is a relative path.

import { IommuError, type KernelPort, refusedByKernel } from "@iommukit/core";
import { ENOENT } from "./native/errno.ts";

export const PCI_DEVICES = "/sys/bus/pci/devices";
export const PCI_DRIVERS = "/sys/bus/pci/drivers";

// Printable ASCII without the slash; the kernel allows any name, and these are all that exist.
const DRIVER_LINK = /^(?:(?:\.\.\/)+|\/sys\/)bus\/pci\/drivers\/([!-.0-~][ -.0-~]{0,63})$/;
const GROUP_LINK = /^(?:(?:\.\.\/)+|\/sys\/)kernel\/iommu_groups\/(0|[1-9][0-9]{0,9})$/;
const HEX = /^0x([0-9a-f]{1,8})\n?$/;
const MAX_GROUP: number = 2 ** 31 - 1;

/** The driver that a PCI device is bound to, or undefined. */
export function readDriver(port: KernelPort, address: string): string | undefined {
  const name = readLinkPart(port, `${PCI_DEVICES}/${address}/driver`, DRIVER_LINK);
  if (name === "." || name === "..") throw malformed(`${PCI_DEVICES}/${address}/driver`, name);
  return name;
}

/** The IOMMU group of a PCI device, or undefined when it has none. */
export function readIommuGroup(port: KernelPort, address: string): number | undefined {
  const path = `${PCI_DEVICES}/${address}/iommu_group`;
  const text = readLinkPart(port, path, GROUP_LINK);
  if (text === undefined) return undefined;
  const group = Number(text);
  if (group > MAX_GROUP) throw malformed(path, text);
  return group;
}

/** A hexadecimal attribute such as `vendor`, of at most `bits` bits. */
export function readHex(port: KernelPort, path: string, bits: number): number {
  const text = readAttribute(port, path);
  const digits = HEX.exec(text)?.[1];
  const value = digits === undefined ? Number.NaN : Number.parseInt(digits, 16);
  if (!(value < 2 ** bits)) throw malformed(path, text);
  return value;
}

/** The text of an attribute, as the kernel gives it. */
export function readAttribute(port: KernelPort, path: string): string {
  const text = port.readText(path);
  if (typeof text === "string") return text;
  throw unreadable(port, path, text);
}

function readLinkPart(port: KernelPort, path: string, grammar: RegExp): string | undefined {
  const target = port.readLink(path);
  if (target === -ENOENT) return undefined;
  if (typeof target === "number") throw unreadable(port, path, target);
  const part = grammar.exec(target)?.[1];
  if (part === undefined) throw malformed(path, target);
  return part;
}

export function unreadable(port: KernelPort, path: string, result: number): IommuError {
  return refusedByKernel(port.abi, {
    operation: `read ${path}`,
    result,
    sentence: `${path} cannot be read`,
    facts: { path },
    codes: { ENOENT: "device-not-found", ENODEV: "device-not-found" },
  });
}

export function malformed(path: string, text: string): IommuError {
  return new IommuError({
    code: "kernel-misbehaved",
    operation: `read ${path}`,
    sentence: `${path} holds something that the kernel never writes there`,
    // Cut, because hostile text may be long, and quoted, because it may hold control characters.
    facts: { path, text: JSON.stringify(text.slice(0, 80)) },
  });
}
