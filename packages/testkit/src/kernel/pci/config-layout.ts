// Places in PCI configuration space that the kernel uses (PCI Local Bus 3.0, chapter 6).
//
// The kernel's own list; the simulated devices have theirs.

import type { PciFunction } from "./pci-function.ts";

export const COMMAND = 0x04;
export const COMMAND_IO = 0x1;
export const COMMAND_MEMORY = 0x2;
export const COMMAND_MASTER = 0x4;
export const COMMAND_INTX_DISABLE = 0x400;
const STATUS = 0x06;
const STATUS_CAP_LIST = 0x10;
export const BAR0 = 0x10;
export const CAPABILITY_POINTER = 0x34;
export const INTERRUPT_LINE = 0x3c;
export const INTERRUPT_PIN = 0x3d;

export const CAP_MSI = 0x05;
export const CAP_EXPRESS = 0x10;

/** Places inside the MSI capability. */
export const MSI_FLAGS = 2;
export const MSI_ADDRESS = 4;
/** Bytes of the capability with a 64-bit address and no masks, in whole dwords. */
export const MSI_LENGTH = 16;
export const MSI_64BIT = 0x80;
export const MSI_ENABLE = 0x1;

export function readWord(device: PciFunction, offset: number): number {
  return device.readConfig(offset) | (device.readConfig(offset + 1) << 8);
}

export function writeWord(device: PciFunction, offset: number, value: number): void {
  device.writeConfig(offset, Uint8Array.of(value & 0xff, (value >>> 8) & 0xff));
}

export function writeDword(device: PciFunction, offset: number, value: number): void {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value >>> 0, true);
  device.writeConfig(offset, bytes);
}

/** Where a capability starts, or 0. A broken chain ends the search. */
export function findCapability(device: PciFunction, id: number): number {
  if ((readWord(device, STATUS) & STATUS_CAP_LIST) === 0) return 0;
  let offset = device.readConfig(CAPABILITY_POINTER) & 0xfc;
  for (let hops = 0; offset >= 0x40 && hops < 48; hops += 1) {
    if (device.readConfig(offset) === id) return offset;
    offset = device.readConfig(offset + 1) & 0xfc;
  }
  return 0;
}

/** Vectors that the MSI capability can raise; 0 without one. */
export function msiVectors(device: PciFunction): number {
  const offset = findCapability(device, CAP_MSI);
  return offset === 0 ? 0 : 1 << ((readWord(device, offset + MSI_FLAGS) >>> 1) & 7);
}
