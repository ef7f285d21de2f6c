// What a program sees of the machine it runs on: the same on every target.
//
// A program file's default export takes a `Host`. Must never hold more than a program may rely on
// everywhere: what only a simulator or only QEMU has stays out.

import type { KernelPort } from "@iommukit/core";

/** `edu` is QEMU's copy engine, real or simulated; other kinds come with other machines. */
export type DeviceKind = "edu" | "nvme" | (string & {});

/** A device that a program may use. */
export interface HostDevice {
  /** PCI address, `0000:00:10.0`. */
  readonly address: string;
  /** Its IOMMU group. */
  readonly group: number;
  readonly kind: DeviceKind;
}

/** The machine behind a target. */
export interface Host {
  /** `sim/vtd`, `qemu/amdvi`, `host`, … */
  readonly target: string;
  /** The raw system calls; `createIommu(host.port)` makes the library of them. */
  readonly port: KernelPort;
  /** Devices that are bound to VFIO and free to use, by address. */
  readonly devices: readonly HostDevice[];
  /**
   * Reports one fact, at once. What JSON cannot hold is written so that it can be read back: a bigint
   * as "0x…", bytes as hexadecimal digits.
   *
   * Valid errors: `invalid-argument` (not a plain object, or it refers to itself).
   */
  log(fact: Readonly<Record<string, unknown>>): void;
}

/** The default export of a program file. */
export type HostProgram = (host: Host) => void | Promise<void>;
