// The stash target: which core's cache takes what devices write.
//
// The driver stores the target before it checks it and drops the result, so reading back shows a
// target that was refused: cpu and cache are checked here, against the device tree.

import { IommuError, type KernelPort } from "@iommukit/core";
import type { RawStash } from "./attributes.ts";
import { cpuNumbers } from "./device-tree.ts";

/** The ABI's numbers (arch/powerpc/include/asm/fsl_pamu_stash.h). */
const CACHES = { L1: 1, L2: 2, L3: 3 } as const;

/** Where devices' writes are stashed. */
export interface StashTarget {
  /** A CPU number as the device tree has it; of no meaning for L3, which all share. */
  readonly cpu: number;
  readonly cache: keyof typeof CACHES;
}

/** Valid errors: `invalid-argument`. */
export function checkedStash(port: KernelPort, target: StashTarget): RawStash {
  // A target that is none has no cache, and is refused for that.
  const { cpu, cache } = Object(target) as StashTarget; // cast: checked member by member
  if (!(typeof cache === "string" && Object.hasOwn(CACHES, cache)))
    throw refused(`${told(cache)} is no cache`, "L1, L2 or L3");
  if (!(Number.isInteger(cpu) && cpu >= 0 && cpu < 2 ** 32))
    throw refused(`${told(cpu)} is no CPU number`, "0, 1, 2, …");
  const known = cpuNumbers(port);
  if (known !== undefined && !known.has(cpu))
    throw refused(`there is no CPU ${cpu}`, `the device tree has ${[...known].join(", ")}`);
  return { cpu, cache: CACHES[cache] };
}

/** A value in a sentence: objects by their type, since they may not turn into text. */
function told(value: unknown): string {
  return typeof value === "object" ? typeof value : String(value);
}

function refused(why: string, hint: string): IommuError {
  return new IommuError({
    code: "invalid-argument",
    operation: "setStash",
    sentence: `setStash refused: ${why}`,
    hint,
  });
}
