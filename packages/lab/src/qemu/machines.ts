/**
 * All machines that can be emulated, by the name of their target.
 */

import { QemuError } from "./errors.ts";
import type { Machine } from "./machine.ts";
import { POWER_MACHINES } from "./machines/power.ts";
import { X86_MACHINES } from "./machines/x86.ts";

export const MACHINES: readonly Machine[] = [...X86_MACHINES, ...POWER_MACHINES];

/**
 * Takes "vtd" as well as "qemu/vtd".
 *
 * Valid errors: `target-unknown`.
 */
export function machineFor(target: string): Machine {
  const name = target.replace(/^qemu\//, "");
  const machine = MACHINES.find((candidate) => candidate.target === name);
  if (machine !== undefined) return machine;
  throw new QemuError("target-unknown", `There is no machine "${target}".`, {
    hint: `there are: ${MACHINES.map((candidate) => candidate.target).join(", ")}`,
  });
}
