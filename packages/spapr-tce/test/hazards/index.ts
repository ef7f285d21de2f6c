// Every hazard, and the raw half of one on a port.

import type { KernelPort } from "@iommukit/core";
import type { Hazard, HazardDevice } from "./hazard.ts";
import { MAPPING_HAZARDS } from "./mapping.ts";
import { RawKernel } from "./raw.ts";
import { REGISTRATION_HAZARDS } from "./registration.ts";
import { WINDOW_HAZARDS } from "./windows.ts";

export { type Hazard, type HazardDevice, lockedBytes, runMasked } from "./hazard.ts";

export const HAZARDS: readonly Hazard[] = [
  ...MAPPING_HAZARDS,
  ...REGISTRATION_HAZARDS,
  ...WINDOW_HAZARDS,
];

const LEAVES: readonly Hazard["leaves"][] = [undefined, "warning", "charge", "orphan", "poison"];

/** In the order in which one process may meet them: what stays behind comes last. */
export function inOrder(hazards: readonly Hazard[]): readonly Hazard[] {
  const rank = ({ leaves }: Hazard): number => LEAVES.indexOf(leaves);
  return hazards.toSorted((a, b) => rank(a) - rank(b));
}

/** Runs the raw half. */
export function runRaw(hazard: Hazard, port: KernelPort, devices: readonly HazardDevice[]): void {
  const kernel = new RawKernel(port, devices.slice(0, hazard.groups ?? 1));
  try {
    hazard.raw(kernel);
  } finally {
    kernel.close();
  }
}
