// The parsers of what a kernel says, each with answers that no kernel should give.
//
// They are reached through the public interface: what is fuzzed is what a program would run.

import { createIommu, type IommuBackend, readLockedMemory } from "@iommukit/core";
import fc from "fast-check";
import {
  type HostileAnswer,
  hostileAnswer,
  hostileChain,
  hostileWords,
  writeAnswer,
} from "../arbitraries/hostile.ts";
import { hostileNames, hostileText } from "../arbitraries/texts.ts";
import * as command from "../kernel/decode/commands.ts";
import { type Script, scriptedKernel } from "./scripted-kernel.ts";

/** One parser: its inputs, and the program that meets them. */
export interface FuzzTarget {
  readonly name: string;
  /** Inputs with what runs on them. */
  readonly executions: fc.Arbitrary<Execution>;
}

export interface Execution {
  readonly run: () => void;
  /** For people, when it fails. */
  toString(): string;
}

const FIXED_INFO = 24;
const FIXED_REGION = 32;

/** The targets for a backend. */
export function fuzzTargets(backend: () => IommuBackend): readonly FuzzTarget[] {
  return [
    target("IOMMU info", hostileAnswer(hostileChain(FIXED_INFO, 16)), (answer) =>
      openWith(backend, only("container", command.IOMMU_GET_INFO, answer)),
    ),
    target("region info", hostileAnswer(hostileChain(FIXED_REGION, 12)), (answer) =>
      deviceWith(backend, only("device", command.DEVICE_GET_REGION_INFO, answer)),
    ),
    target("device info", hostileAnswer(hostileWords(8)), (answer) =>
      deviceWith(backend, only("device", command.DEVICE_GET_INFO, answer)),
    ),
    target("group status", hostileAnswer(hostileWords(4)), (answer) =>
      openWith(backend, only("group", command.GROUP_GET_STATUS, answer)),
    ),
    target("groups in sysfs", fc.tuple(hostileNames(), hostileNames(), hostileText()), lookAround),
    target("limits in procfs", fc.tuple(hostileText(), hostileText()), ([status, limits]) => {
      const readText = (path: string): string => (path.endsWith("status") ? status : limits);
      readLockedMemory(scriptedKernel({ readText }));
    }),
  ];
}

function target<T>(name: string, inputs: fc.Arbitrary<T>, run: (input: T) => void): FuzzTarget {
  return {
    name,
    executions: inputs.map((input) => ({
      run: () => run(input),
      toString: () => `${name}: ${fc.stringify(input)}`,
    })),
  };
}

/** The answer at one call, as often as it is made. */
function only(
  file: "container" | "group" | "device",
  number: number,
  answer: HostileAnswer,
): Script {
  return {
    ioctl: (which, asked, bytes) =>
      which === file && asked === number ? writeAnswer(answer, bytes) : undefined,
  };
}

function openWith(backend: () => IommuBackend, script: Script): void {
  const iommu = createIommu(scriptedKernel(script));
  iommu.openContainer({ groups: [2], backends: [backend()] }).close();
}

function deviceWith(backend: () => IommuBackend, script: Script): void {
  const iommu = createIommu(scriptedKernel(script));
  const container = iommu.openContainer({ groups: [2], backends: [backend()] });
  const device = container.openDevice("0000:00:02.0");
  for (const index of [0, 7]) if (index < device.regionCount) device.region(index);
  container.close();
}

function lookAround([groups, devices, link]: readonly [
  readonly string[] | number,
  readonly string[] | number,
  string,
]): void {
  const iommu = createIommu(
    scriptedKernel({
      list: (path) => (path.endsWith("iommu_groups") ? groups : devices),
      readLink: () => link,
    }),
  );
  iommu.readGroups();
  iommu.groupOf("0000:00:02.0");
}
