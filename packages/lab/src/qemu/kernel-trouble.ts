/**
 * What is said of a target whose kernel cannot be booted, by a list as by a run.
 */

import { match } from "ts-pattern";
import { QemuError } from "./errors.ts";
import type { KernelState } from "./kernel.ts";
import type { Machine } from "./machine.ts";

export type Unbootable = Exclude<KernelState, { readonly state: "ready" }>;

export function kernelTrouble({ target, kernelPackage }: Machine, found: Unbootable): QemuError {
  const name = `qemu/${target}`;
  const hint = `run: iommukit setup ${name}`;
  return match(found)
    .with(
      { state: "absent" },
      () =>
        new QemuError("kernel-not-set-up", `No kernel is set up for ${name}.`, {
          facts: { package: kernelPackage },
          hint,
        }),
    )
    .with(
      { state: "damaged" },
      ({ file }) =>
        new QemuError("kernel-damaged", `The kernel that was set up for ${name} is damaged.`, {
          facts: { file },
          hint,
        }),
    )
    .exhaustive();
}
