// The hunters of POWER's mutants: the numbered cases on the raw kernel, windows and memory through the
// library, programs that must mean the same as on x86, the conformance cases, and the fault sweep.

import { runCase as runNumbered } from "../cases/run-case.ts";
import { simulatedCaseHost } from "../cases/simulated.ts";
import { SPAPR_CASES } from "../cases/spapr/index.ts";
import { CONFORMANCE_CASES, notClaimed, runCase } from "../conformance/index.ts";
import type { Machine } from "../machines/machine.ts";
import { powernv, powernv64k } from "../machines/powernv.ts";
import { pseries } from "../machines/pseries.ts";
import { type SimulatedHost, simulatedHost } from "../machines/simulated-host.ts";
import { vtd } from "../machines/vtd.ts";
import { POWER_HISTORY_MACHINES } from "../model/machines.ts";
import { runHistories } from "../model/run-histories.ts";
import { comparePrograms } from "../portability/compare.ts";
import { POWER_CASES, runPowerCase } from "./power-cases.ts";
import type { Kill, Prey } from "./prey.ts";

/** As many as take a second; the real comparison has 20,000. */
const PROGRAMS = 150;
const STEPS = 1500;
const MACHINES: readonly (readonly [name: string, machine: () => Machine])[] = [
  ["sim/powernv", () => powernv()],
  ["sim/powernv-64k", () => powernv64k()],
  ["sim/pseries", () => pseries()],
];

/** Who noticed it, or undefined. `prey.reference` is the x86 backend that programs are compared with. */
export async function huntPower(prey: Prey): Promise<Kill | undefined> {
  const inKernel = prey.mutant.where === "backend" ? undefined : await byNumberedCases(prey);
  const soon = inKernel ?? byPowerCases(prey) ?? byPrograms(prey) ?? (await byHistories(prey));
  return soon ?? (await byConformance(prey));
}

function backendOf(prey: Prey): Prey["backend"] {
  return () => prey.mutant.backend?.(prey.backend()) ?? prey.backend();
}

/** The machines with the mutant in them, where it is not in the source. */
function machinesOf({ mutant }: Prey): typeof MACHINES {
  const wrap = mutant.machine ?? ((machine: Machine): Machine => machine);
  return MACHINES.map(([name, machine]) => [name, () => wrap(machine())]);
}

async function byNumberedCases(prey: Prey): Promise<Kill | undefined> {
  let sequences = 0;
  for (const [name, machine] of machinesOf(prey))
    for (const each of SPAPR_CASES) {
      sequences += 1;
      const why = await attempt(async () => {
        const host = simulatedHost(machine());
        const tables = host.inspect.tableFrames();
        const result = await runNumbered(each, simulatedCaseHost(host));
        if (result.kind === "failed")
          throw new Error(`${result.call}: ${result.got} and not ${result.expected}`);
        requireNothingLeft(host, tables);
      });
      if (why !== undefined) return kill(`case ${each.number} on ${name}`, sequences, why);
    }
  return undefined;
}

function byPowerCases(prey: Prey): Kill | undefined {
  let sequences = 0;
  for (const [name, machine] of machinesOf(prey))
    for (const each of POWER_CASES) {
      sequences += 1;
      try {
        runPowerCase(each, machine(), backendOf(prey)());
      } catch (error) {
        return kill(`${each.name}, on ${name}`, sequences, String(error));
      }
    }
  return undefined;
}

function byPrograms(prey: Prey): Kill | undefined {
  const { reference } = prey;
  if (reference === undefined) return undefined;
  const backend = backendOf(prey);
  const power = machinesOf(prey).map(([name, machine]) => ({ name, machine, backend }));
  const report = comparePrograms({
    machines: [{ name: "sim/vtd", machine: vtd, backend: reference }, ...power],
    programs: PROGRAMS,
    seed: prey.seed,
  });
  if (report.failure === undefined) return undefined;
  return kill("portable programs", report.programs + 1, report.failure);
}

async function byHistories(prey: Prey): Promise<Kill | undefined> {
  const report = await runHistories({
    backend: backendOf(prey),
    steps: STEPS,
    seed: prey.seed,
    machines: POWER_HISTORY_MACHINES,
    shrink: "no",
    batch: 20,
  });
  if (report.failure === undefined) return undefined;
  return kill("histories", (report.failedAfter ?? 0) + 1, report.failure);
}

async function byConformance(prey: Prey): Promise<Kill | undefined> {
  const host = (): SimulatedHost => simulatedHost(powernv());
  const backend = backendOf(prey);
  for (const [index, each] of CONFORMANCE_CASES.entries()) {
    const why = await attempt(async () => {
      if (notClaimed(each, host(), backend()) !== undefined) return;
      await runCase(each, host(), backend());
    });
    if (why !== undefined) return kill(`conformance: ${each.name}`, index + 1, why);
  }
  return undefined;
}

function kill(by: string, sequences: number, why: string): Kill {
  return { killed: true, by, law: "", sequences, why };
}

async function attempt(action: () => Promise<void>): Promise<string | undefined> {
  try {
    await action();
    return undefined;
  } catch (error) {
    return String(error);
  }
}

/** A case leaves registered memory behind where the kernel itself does, but never a table. */
function requireNothingLeft(host: SimulatedHost, tables: number): void {
  const now = host.inspect.tableFrames();
  if (now !== tables) throw new Error(`${now} frames of tables are in use, ${tables} before`);
  const strays = host.inspect.strayAccesses();
  if (strays.length > 0) throw new Error(`${strays.length} accesses met no memory`);
}
