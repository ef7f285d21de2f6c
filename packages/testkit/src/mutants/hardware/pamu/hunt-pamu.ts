// Hunts a mutant of the PAMU's hardware with the checks that are its tests.

import type { Kill, Prey } from "../../prey.ts";
import { PAMU_HARDWARE_CHECKS } from "./checks.ts";

/** Worlds that each check builds before the next one tries. */
const WORLDS = 20;

/** Answers who noticed it, or nothing when nobody did. */
export function huntInHardware({ seed }: Prey): Kill | undefined {
  for (const { name, run } of PAMU_HARDWARE_CHECKS)
    for (let world = 0; world < WORLDS; world++)
      try {
        run(seed + world);
      } catch (error) {
        const by = `PAMU hardware: ${name}`;
        return { killed: true, by, law: "", sequences: world + 1, why: String(error) };
      }
  return undefined;
}
