/**
 * What is said of a target whose kernel cannot be booted, by a list as by a run.
 */

import { match } from "ts-pattern";
import { QemuError } from "./errors.ts";
import type { GuestRootState } from "./guest-root.ts";
import type { KernelState } from "./kernel.ts";
import type { Machine } from "./machine.ts";

export type Unbootable = Exclude<KernelState, { readonly state: "ready" }>;
export type Unusable = Exclude<GuestRootState, { readonly state: "ready" }>;

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

/** The same of a guest's own root. */
export function rootTrouble({ target, debianArchitecture }: Machine, found: Unusable): QemuError {
  const name = `qemu/${target}`;
  const hint = `run: iommukit setup ${name}`;
  return match(found)
    .with(
      { state: "absent" },
      () =>
        new QemuError("root-not-set-up", `No programs are set up for the guest of ${name}.`, {
          facts: { architecture: debianArchitecture },
          hint,
        }),
    )
    .with(
      { state: "damaged" },
      ({ file }) =>
        new QemuError("root-damaged", `The programs for the guest of ${name} are damaged.`, {
          facts: { file },
          hint,
        }),
    )
    .exhaustive();
}
