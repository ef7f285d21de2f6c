// The simulated side: a new machine for every sequence, built to the environment of the real one.

import {
  amdvi,
  type Machine,
  powernv,
  powernv64k,
  pseries,
  type SimulatedHost,
  simulatedHost,
  vtd,
} from "@iommukit/testkit";
import { match } from "ts-pattern";
import { makeArena } from "./arena.ts";
import {
  askEnvironment,
  type Environment,
  isSpapr,
  type SpaprEnvironment,
  type Type1Environment,
} from "./environment.ts";
import { runSequence } from "./executor.ts";
import type { Sequence } from "./op.ts";
import { twoDevices } from "./two-devices.ts";
import { virtioIommu } from "./virtio-iommu.ts";

/** Which simulated machine stands for the IOMMU of a target. */
export type SimulatedKind =
  | "vtd"
  | "amdvi"
  | "virtio-iommu"
  | "powernv9"
  | "powernv9-64k"
  | "pseries";

/** A simulator under test: the correct one, or one that was made wrong on purpose. */
export type OpenSimulator = (environment: Environment) => SimulatedHost;

export function simulatorOf(kind: SimulatedKind): OpenSimulator {
  return (environment) => simulatedHost(machineOf(kind, environment));
}

export function simulate(
  open: OpenSimulator,
  sequence: Sequence,
  environment: Environment,
): readonly string[] {
  const { port, devices } = open(environment);
  const places = twoDevices(devices);
  const arena = makeArena(port, isSpapr(environment) ? environment.hugePage : 0);
  const machine = { port, arena, ...places, environment, pause: () => undefined };
  return runSequence(machine, sequence).results;
}

/** What the simulated machine says of itself; should be what it was built to. */
export function simulatedEnvironment(open: OpenSimulator, wanted: Environment): Environment {
  const { port, devices } = open(wanted);
  return askEnvironment(port, twoDevices(devices));
}

const POWERNV = {
  hugePage: 0,
  defaultWindow: ["0x0", "0x80000000"],
  pageSizes: "0x40211000",
  windows: 2,
  levels: 5,
  eeh: 1,
} as const;

/** What the simulated machines are when nobody tells them otherwise. */
export const OWN_ENVIRONMENTS: Readonly<Record<SimulatedKind, Environment>> = {
  vtd: {
    pageSizes: "0x40201000",
    ranges: [
      ["0x0", "0xfedfffff"],
      ["0xfef00000", "0x7fffffffff"],
    ],
    coherent: 0,
  },
  amdvi: {
    pageSizes: "0xfff7ffffff000",
    ranges: [
      ["0x0", "0xfedfffff"],
      ["0xfef00000", "0xfcffffffff"],
      ["0x10000000000", "0xffffffffffffffff"],
    ],
    coherent: 1,
  },
  "virtio-iommu": {
    pageSizes: "0xfffffffffffff000",
    ranges: [
      ["0x0", "0xfedfffff"],
      ["0xfef00000", "0xffffffffffffffff"],
    ],
    coherent: 0,
  },
  powernv9: { ...POWERNV, hostPage: 4096 },
  "powernv9-64k": { ...POWERNV, hostPage: 65_536 },
  pseries: {
    hostPage: 4096,
    hugePage: 0x20_0000,
    defaultWindow: ["0x0", "0x40000000"],
    pageSizes: "0x1211000",
    windows: 2,
    levels: 1,
    eeh: 0,
  },
};

function machineOf(kind: SimulatedKind, environment: Environment): Machine {
  if (isSpapr(environment)) return powerMachine(kind, environment);
  return match(kind)
    .with("amdvi", () => amdvi())
    .with("virtio-iommu", () => virtioIommu(environment))
    .otherwise(() => vtd({ vtd: vtdCapabilities(environment) }));
}

/** Refused transfers end as QEMU ends them: reads give zeros, nothing is frozen. */
function powerMachine(kind: SimulatedKind, { defaultWindow }: SpaprEnvironment): Machine {
  return match(kind)
    .with("pseries", () => pseries({ defaultWindowSize: Number(defaultWindow[1]) }))
    .with("powernv9-64k", () => powernv64k({ faultModel: "qemu" }))
    .otherwise(() => powernv({ faultModel: "qemu" }));
}

function vtdCapabilities({ pageSizes, ranges, coherent }: Type1Environment) {
  const sizes = BigInt(pageSizes);
  const last = BigInt(ranges.at(-1)?.[1] ?? 0);
  const widths = [39, 48, 57] as const;
  return {
    addressWidth: widths.find((width) => last < 2n ** BigInt(width)) ?? 57,
    pages2M: (sizes & 0x20_0000n) !== 0n,
    pages1G: (sizes & 0x4000_0000n) !== 0n,
    snoopControl: coherent === 1,
  } as const;
}
