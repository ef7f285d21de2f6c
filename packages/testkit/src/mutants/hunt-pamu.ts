// The hunters of PAMU's mutants: the hardware's own checks, raw histories of the strict kernel, the
// conformance cases in both kernels, and what a backend owes where the vendor's driver says nothing.

import fc from "fast-check";
import { CONFORMANCE_CASES, notClaimed, runCase } from "../conformance/index.ts";
import { pamuSteps } from "../kernel/testing/pamu-steps.ts";
import { PamuWorld } from "../kernel/testing/pamu-world.ts";
import type { Machine } from "../machines/machine.ts";
import { pamu } from "../machines/pamu.ts";
import { type SimulatedHost, simulatedHost } from "../machines/simulated-host.ts";
import { huntInHardware } from "./hardware/pamu/hunt-pamu.ts";
import { PAMU_CASES, runPamuCase } from "./pamu-cases.ts";
import type { Kill, Prey } from "./prey.ts";

const STEPS_PER_HISTORY = 120;
const HISTORIES = 30;
const MODES = ["strict", "sdk-compat"] as const;

/** Who noticed it, or undefined. `prey.extension` is the key of the backend's own controls. */
export async function huntPamu(prey: Prey): Promise<Kill | undefined> {
  const { where } = prey.mutant;
  const soon = where === "hardware" ? huntInHardware(prey) : undefined;
  // No call of a backend is made in the kernel's own histories.
  const below = where === "backend" ? undefined : (soon ?? byKernelHistories(prey));
  return below ?? byCases(prey) ?? (await byConformance(prey));
}

function wrapOf({ mutant }: Prey): (machine: Machine) => Machine {
  return mutant.machine ?? ((machine) => machine);
}

/** The kernel and the hardware under calls that no library makes. */
function byKernelHistories(prey: Prey): Kill | undefined {
  const histories = fc.sample(pamuSteps(STEPS_PER_HISTORY), {
    seed: prey.seed,
    numRuns: HISTORIES,
  });
  for (const [index, history] of histories.entries())
    try {
      const world = new PamuWorld(index % 2 === 0 ? "p4080" : "t4240", index + 1, wrapOf(prey));
      for (const step of history) world.step(step);
      world.close();
    } catch (error) {
      const why = String(error);
      const rule = /\bP\d+\b/.exec(why)?.[0];
      const by = rule === undefined ? "PAMU histories" : `PAMU histories: ${rule}`;
      return { killed: true, by, law: "", sequences: index + 1, why };
    }
  return undefined;
}

async function byConformance(prey: Prey): Promise<Kill | undefined> {
  const backend = () => prey.mutant.backend?.(prey.backend()) ?? prey.backend();
  const host = (mode: (typeof MODES)[number]): SimulatedHost =>
    simulatedHost(wrapOf(prey)(pamu({ mode })));
  let sequences = 0;
  for (const mode of MODES)
    for (const each of CONFORMANCE_CASES) {
      sequences += 1;
      try {
        if (notClaimed(each, host(mode), backend()) !== undefined) continue;
        await runCase(each, host(mode), backend());
      } catch (error) {
        const by = `conformance: ${each.name}`;
        return { killed: true, by, law: "", sequences, why: String(error) };
      }
    }
  return undefined;
}

function byCases(prey: Prey): Kill | undefined {
  const key = prey.extension;
  if (key === undefined) return undefined;
  const backend = prey.mutant.backend?.(prey.backend()) ?? prey.backend();
  for (const [index, each] of PAMU_CASES.entries())
    try {
      runPamuCase(each, backend, key, wrapOf(prey));
    } catch (error) {
      const by = `PAMU case: ${each.name}`;
      return { killed: true, by, law: "", sequences: index + 1, why: String(error) };
    }
  return undefined;
}
