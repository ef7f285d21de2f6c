// The simulated side: a new machine for every sequence, built to the environment of the real one.

import { amdvi, type Machine, type SimulatedHost, simulatedHost, vtd } from "@iommukit/testkit";
import { match } from "ts-pattern";
import { makeArena } from "./arena.ts";
import { askEnvironment, type Environment } from "./environment.ts";
import { runSequence } from "./executor.ts";
import type { Sequence } from "./op.ts";
import { twoDevices } from "./two-devices.ts";
import { virtioIommu } from "./virtio-iommu.ts";

/** Which simulated machine stands for the IOMMU of a target. */
export type SimulatedKind = "vtd" | "amdvi" | "virtio-iommu";

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
  const arena = makeArena(port);
  return runSequence({ port, arena, ...places, environment, pause: () => undefined }, sequence);
}

/** What the simulated machine says of itself; should be what it was built to. */
export function simulatedEnvironment(open: OpenSimulator, wanted: Environment): Environment {
  const { port, devices } = open(wanted);
  return askEnvironment(port, twoDevices(devices));
}

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
};

function machineOf(kind: SimulatedKind, environment: Environment): Machine {
  return match(kind)
    .with("vtd", () => vtd({ vtd: vtdCapabilities(environment) }))
    .with("amdvi", () => amdvi())
    .with("virtio-iommu", () => virtioIommu(environment))
    .exhaustive();
}

function vtdCapabilities({ pageSizes, ranges, coherent }: Environment) {
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
