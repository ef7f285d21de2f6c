// What sequences run on: a kernel, memory to map, and two devices.

import type { KernelPort } from "@iommukit/core";
import type { Arena } from "./arena.ts";
import type { Environment } from "./environment.ts";

/** Two edu devices, each alone in its group. */
export interface TwoDevices {
  readonly groups: readonly [number, number];
  readonly devices: readonly [string, string];
}

export interface Machine extends TwoDevices {
  readonly port: KernelPort;
  readonly arena: Arena;
  readonly environment: Environment;
  /** Lets a device work for a moment. */
  readonly pause: () => void;
}
