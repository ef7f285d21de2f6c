// Opens a simulated host by its target's name.

import {
  amdvi,
  type Machine,
  type MachineOptions,
  pamu,
  powernv,
  powernv64k,
  pseries,
  type SimulatedHost,
  simulatedHost,
  vtd,
} from "@iommukit/testkit";
import { match } from "ts-pattern";
import { SIMULATED, type SimulatedName } from "./names.ts";

export function openSimulated(target: string, seed: number | undefined): SimulatedHost {
  const name = SIMULATED.find((machine) => machine.name === target)?.name;
  if (name === undefined) throw new Error(`there is no simulated host ${target}`);
  return simulatedHost(machineOf(name, seed === undefined ? {} : { seed }));
}

function machineOf(name: SimulatedName, options: MachineOptions): Machine {
  return match(name)
    .with("sim/vtd", () => vtd(options))
    .with("sim/amdvi", () => amdvi(options))
    .with("sim/powernv", () => powernv(options))
    .with("sim/powernv-64k", () => powernv64k(options))
    .with("sim/pseries", () => pseries(options))
    .with("sim/pamu", () => pamu(options))
    .exhaustive();
}
