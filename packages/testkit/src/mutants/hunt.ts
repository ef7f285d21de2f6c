// Hunts one mutant: histories first, then the conformance cases, then the fault sweep.
//
// Answers who noticed it, by which law, after how many sequences. Everything is drawn from one seed.

import type { IommuBackend } from "@iommukit/core";
import { CONFORMANCE_CASES, notClaimed, runCase } from "../conformance/index.ts";
import { LawBroken } from "../laws/law.ts";
import { type SimulatedHost, simulatedHost } from "../machines/simulated-host.ts";
import { HISTORY_MACHINES, type HistoryMachine } from "../model/machines.ts";
import { runHistories } from "../model/run-histories.ts";
import { SCENARIOS } from "../sweep/index.ts";
import { sweep } from "../sweep/sweep.ts";
import { huntPamu } from "./hunt-pamu.ts";
import { huntPower } from "./hunt-power.ts";
import { HISTORY_PARAMETERS } from "./parameters.ts";
import type { Kill, Prey } from "./prey.ts";

const ALIVE: Kill = { killed: false, by: "nobody", law: "", sequences: 0, why: "it survived" };

export async function hunt(prey: Prey): Promise<Kill> {
  if (prey.mutant.family === "power") return (await huntPower(prey)) ?? ALIVE;
  if (prey.mutant.family === "pamu") return (await huntPamu(prey)) ?? ALIVE;
  const soon = (await byHistories(prey)) ?? (await byConformance(prey));
  if (soon !== undefined || prey.sweep === "no") return soon ?? ALIVE;
  return (await bySweep(prey)) ?? ALIVE;
}

function backendOf({ mutant, backend }: Prey): () => IommuBackend {
  return () => mutant.backend?.(backend()) ?? backend();
}

/** The machines of the histories, with the mutant in them. */
function machinesOf({ mutant }: Prey): readonly HistoryMachine[] {
  return HISTORY_MACHINES.map((each) => {
    const { machine } = mutant;
    return {
      ...each,
      ...(mutant.driverType === undefined
        ? {}
        : {
            host: { ...each.host, driverTypes: [mutant.driverType()] },
            mappingLimit: HISTORY_PARAMETERS.dmaEntryLimit,
          }),
      ...(machine === undefined ? {} : { machine: () => machine(each.machine()) }),
    };
  });
}

async function byHistories(prey: Prey): Promise<Kill | undefined> {
  const report = await runHistories({
    backend: backendOf(prey),
    steps: prey.steps ?? 6000,
    seed: prey.seed,
    machines: machinesOf(prey),
    shrink: "no",
    batch: 20,
  });
  if (report.failure === undefined) return undefined;
  return {
    killed: true,
    by: "histories",
    law: lawIn(report.cause),
    sequences: (report.failedAfter ?? 0) + 1,
    why: report.failure,
  };
}

/** The law in a chain of causes, or I38 for an error that no law foresaw. */
function lawIn(error: unknown): string {
  for (let each = error; each instanceof Error; each = each.cause)
    if (each instanceof LawBroken) return each.law;
  return "I38";
}

function hostFor(prey: Prey): SimulatedHost {
  const [machine] = machinesOf(prey);
  if (machine === undefined) throw new Error("there is no machine");
  return simulatedHost(machine.machine(), machine.host);
}

async function byConformance(prey: Prey): Promise<Kill | undefined> {
  const backend = backendOf(prey);
  for (const [index, each] of CONFORMANCE_CASES.entries()) {
    try {
      if (notClaimed(each, hostFor(prey), backend()) !== undefined) continue;
      await runCase(each, hostFor(prey), backend());
    } catch (error) {
      const by = `conformance: ${each.name}`;
      return { killed: true, by, law: "", sequences: index + 1, why: String(error) };
    }
  }
  return undefined;
}

async function bySweep(prey: Prey): Promise<Kill | undefined> {
  const [machine] = machinesOf(prey);
  if (machine === undefined) return undefined;
  const report = await sweep({
    machine: machine.machine,
    backend: backendOf(prey),
    // Devices come last in the list, and are what histories use least.
    scenarios: SCENARIOS.toReversed(),
    stopAtFirst: true,
  });
  const [finding] = report.findings;
  if (finding === undefined) return undefined;
  const law = /\b(I\d+) broken/.exec(finding)?.[1] ?? "I38";
  return { killed: true, by: "fault sweep", law, sequences: report.runs, why: finding };
}
