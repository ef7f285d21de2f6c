// A hazard of the kernel: what it does when it is asked for something wrong, and what the library makes of it.
//
// The same table runs on simulated kernels (hazards.test.ts) and on real ones (integration/spapr-hazards.ts).

import {
  type Container,
  createIommu,
  type ErrorCode,
  isIommuError,
  type KernelPort,
} from "@iommukit/core";
import { spaprTce } from "@iommukit/spapr-tce";
import { type EduDriver, openEdu } from "@iommukit/testkit/drivers";
import type { RawKernel } from "./raw.ts";

export interface HazardDevice {
  readonly address: string;
  readonly group: number;
}

/** Where the masked half runs. */
export interface Safe {
  readonly port: KernelPort;
  readonly devices: readonly HazardDevice[];
  readonly container: Container;
  /** The first device's copy engine; opening it resets the device, so only who needs it does. */
  readonly edu: EduDriver;
  /** Bytes of VmLck. */
  readonly locked: () => number;
}

export interface Hazard {
  /** What the kernel does. */
  readonly name: string;
  /** Where it does it; left out: everywhere. */
  readonly platform?: "powernv" | "pseries";
  /** Groups that it needs. Default 1. */
  readonly groups?: 2;
  /**
   * What stays when everything was closed: a line in the kernel's log, locked memory until the process
   * ends, pinned pages as well, or a device that makes no window until the next boot.
   */
  readonly leaves?: "warning" | "charge" | "orphan" | "poison";
  /** Throws unless the kernel does what the name says. */
  readonly raw: (kernel: RawKernel) => void;
  /** Throws unless the library refuses it, or makes it right. */
  readonly masked: (safe: Safe) => void;
}

export function must(condition: boolean, what: string): asserts condition {
  if (!condition) throw new Error(what);
}

/** The library refuses it with this code, and asks the kernel for nothing that changes anything. */
export function refuses(code: ErrorCode, action: () => unknown): void {
  try {
    action();
  } catch (error) {
    if (isIommuError(error, code)) return;
    throw new Error(`expected ${code}, got ${isIommuError(error) ? error.code : String(error)}`, {
      cause: error,
    });
  }
  throw new Error(`expected ${code}, and it was done`);
}

/** Runs the masked half in a container of its own. */
export function runMasked(
  hazard: Hazard,
  port: KernelPort,
  devices: readonly HazardDevice[],
): void {
  const chosen = devices.slice(0, hazard.groups ?? 1);
  const [first] = chosen;
  must(first !== undefined, "there is a device");
  using container = createIommu(port).openContainer({
    groups: chosen.map(({ group }) => group),
    backends: [spaprTce({ version: 2 })],
  });
  let edu: EduDriver | undefined;
  hazard.masked({
    port,
    devices: chosen,
    container,
    locked: () => lockedBytes(port),
    get edu() {
      edu ??= openEdu(container.openDevice(first.address));
      return edu;
    },
  });
}

export function lockedBytes(port: Pick<KernelPort, "readText">): number {
  const status = port.readText("/proc/self/status");
  const kilobytes = typeof status === "string" ? /^VmLck:\s+(\d+) kB$/m.exec(status)?.[1] : "0";
  return Number(kilobytes) * 1024;
}
