// All targets, in the order in which they are listed, and finding them by name.

import { LabError } from "../errors.ts";
import { HOST_TARGET } from "./host.ts";
import { QEMU_TARGETS } from "./qemu.ts";
import { SIM_TARGETS } from "./sim.ts";
import type { Target } from "./target.ts";

export const TARGETS: readonly Target[] = [...SIM_TARGETS, ...QEMU_TARGETS, HOST_TARGET];

/** Valid errors: `unknown-target`. */
export function targetNamed(name: string): Target {
  const found = TARGETS.find((target) => target.name === name);
  if (found !== undefined) return found;
  throw new LabError("unknown-target", `there is no target "${name}"`, {
    hint: `there are: ${TARGETS.map((target) => target.name).join(", ")}`,
  });
}

/** `A,B,…` as in `--on`, each once. Valid errors: `unknown-target`, `invalid-option`. */
export function parseTargets(list: string): readonly Target[] {
  const names = list.split(",").map((name) => name.trim());
  if (names.includes(""))
    throw new LabError("invalid-option", `--on "${list}" names an empty target`, {
      hint: "--on sim/vtd,sim/amdvi",
    });
  return [...new Set(names)].map(targetNamed);
}
