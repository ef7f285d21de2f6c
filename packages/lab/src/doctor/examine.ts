// All that a machine's VFIO may lack, checked through the port: Linux, or a simulated one.
//
// Changes nothing and holds nothing open. Must never throw for a machine that is unwell: that is what
// it is asked about.

import { createIommu, type KernelPort } from "@iommukit/core";
import { linuxHost } from "@iommukit/host-linux";
import { reportOf } from "../errors.ts";
import { type Finding, ill, line, type Patient } from "./check.ts";
import { checkGroups } from "./groups.ts";
import { checkInterrupts, checkIommu, checkNoIommu } from "./iommu.ts";
import { checkHugePages, checkLockedMemory } from "./memory.ts";
import { examineSpapr } from "./spapr.ts";
import { checkDriver, checkVfio } from "./vfio.ts";

/** This machine. */
export function examineHost(openPort: () => KernelPort = linuxHost): readonly Finding[] {
  try {
    return examine(openPort());
  } catch (error) {
    const { message, hint } = reportOf(error);
    return [ill("platform", message, hint ?? "the simulated targets run anywhere: iommukit demo")];
  }
}

/** The order is that of the remedies: each needs those before it; what one family needs comes last. */
export function examine(port: KernelPort): readonly Finding[] {
  const patient: Patient = { port, groups: createIommu(port).readGroups(), cpu: cpuOf(port) };
  return [
    checkIommu(patient),
    ...checkVfio(patient),
    checkDriver(patient),
    ...checkGroups(patient),
    checkInterrupts(patient),
    checkNoIommu(patient),
    checkLockedMemory(patient),
    checkHugePages(patient),
    ...examineSpapr(patient),
  ];
}

function cpuOf(port: KernelPort): Patient["cpu"] {
  const text = line(port, "/proc/cpuinfo") ?? "";
  if (/^vendor_id\s*: GenuineIntel$/m.test(text)) return "intel";
  if (/^vendor_id\s*: (AuthenticAMD|HygonGenuine)$/m.test(text)) return "amd";
  return port.abi.arch === "x86_64" ? "x86" : "other";
}
