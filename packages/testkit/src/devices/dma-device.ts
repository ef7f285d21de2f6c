// A device as the simulated kernel and a board see it: config space, BARs, interrupts.
//
// Devices reach memory only through the bus they were given; nothing here knows of IOMMUs or VFIO.

import type { ConfigSpace } from "./config-space.ts";

/** `intx` is a level that stays until deasserted; `msi` is one message. */
export type DeviceInterrupt =
  | { readonly kind: "intx"; readonly asserted: boolean }
  | { readonly kind: "msi"; readonly vector: number };

/** Something a driver did that would bring a real machine down; a test must never see one. */
export interface DeviceMisuse {
  readonly kind: "device-misuse";
  readonly what: string;
}

/** `disabled`: COMMAND.Memory Space is clear; the host sees a master abort, all ones. */
export type BarAccess = "done" | "disabled";

export interface PciDevice {
  readonly name: string;
  /** Bus << 8 | device << 3 | function: what the IOMMU knows the device by. */
  readonly requester: number;
  readonly config: ConfigSpace;
  /** Bytes of BAR 0 to 5; 0 where there is none. */
  readonly barSizes: readonly number[];
  /** One access of `into.length` bytes: 1, 2, 4 or 8. */
  readBar(bar: number, offset: number, into: Uint8Array): BarAccess;
  writeBar(bar: number, offset: number, from: Uint8Array): BarAccess;
  /** Registers and config space as after power-on. */
  reset(): void;
  /** Where interrupts go. The last call wins; before the first they go nowhere. */
  connectInterrupts(listener: (interrupt: DeviceInterrupt) => void): void;
  /** Misuses since the last call, oldest first. */
  takeMisuses(): readonly DeviceMisuse[];
}
