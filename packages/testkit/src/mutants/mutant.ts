// A mutant: one bug put in on purpose, the law that it must break, and how it is put in.
//
// A suite that has never caught a bug proves nothing by passing. Bugs of hardware, drivers, kernels
// and backends wrap what is there; a bug of the library's own is the change of one line of its source.

import type { IommuBackend } from "@iommukit/core";
import type { ContainerDriverType } from "../kernel/drivers/driver.ts";
import type { LawId } from "../laws/law.ts";
import type { Machine } from "../machines/machine.ts";

export interface SourceEdit {
  /** From the workspace's root. */
  readonly file: string;
  /** Text that is in the file exactly once. */
  readonly find: string;
  readonly replace: string;
}

/** A family of IOMMUs, with machines, a backend and hunters of its own. */
export type Family = "x86" | "power" | "pamu";

export interface Mutant {
  readonly name: string;
  /** Where it lives. Default x86. */
  readonly family?: Family;
  readonly where: "hardware" | "driver" | "kernel" | "backend" | "core";
  /** One sentence: the bug. */
  readonly bug: string;
  /** Any of these may be the one that notices it. */
  readonly breaks: readonly LawId[];
  /** The bug of history that it repeats, as the catalogue numbers it. */
  readonly history?: string;
  readonly machine?: (machine: Machine) => Machine;
  readonly driverType?: () => ContainerDriverType;
  readonly backend?: (backend: IommuBackend) => IommuBackend;
  readonly edit?: SourceEdit;
}
