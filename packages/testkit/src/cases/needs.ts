// What some cases need that not every host has, and how a host is asked for it.
//
// Each question ends with a reason, which is what the report says about the case.

import type { Bench } from "./bench.ts";
import { findSharedGroup } from "./shared-group.ts";

export type Need =
  | "second group"
  | "edu"
  | "fork"
  | "limited process"
  | "read-only memory"
  | "memory file"
  | "mediated device"
  | "shared group"
  | "no interrupt remapping"
  | "entry limit"
  | "MSI window"
  | "no reset method"
  | "file position"
  | "MSI-X"
  | "device below a bridge"
  | "virtual functions"
  | "VGA absent";

type Question = (bench: Bench) => string | undefined;

const ENTRY_LIMIT = "/sys/module/vfio_iommu_type1/parameters/dma_entry_limit";
const UNSAFE_INTERRUPTS = "/sys/module/vfio_iommu_type1/parameters/allow_unsafe_interrupts";

const QUESTIONS: Readonly<Record<Need, Question>> = {
  "second group": ({ devices }) =>
    devices.length > 1 ? undefined : "only one group is free to use",
  edu: ({ devices }) =>
    devices[0]?.kind === "edu" ? undefined : "no device here does DMA on call",
  fork: ({ abilities }) =>
    abilities.fork === undefined ? "this host makes no second process" : undefined,
  "limited process": ({ abilities }) =>
    abilities.fork === undefined ? "this host makes no process without CAP_IPC_LOCK" : undefined,
  "read-only memory": ({ abilities }) =>
    abilities.readOnly === undefined ? "this host fills no read-only memory" : undefined,
  "memory file": ({ abilities }) =>
    abilities.memoryFile === undefined ? "this host has no file that can be mapped" : undefined,
  "mediated device": ({ mediated }) =>
    mediated === undefined ? "no mediated device here" : undefined,
  "shared group": ({ port }) =>
    findSharedGroup(port) === undefined
      ? "no group of two free devices, or no ordinary driver that takes any device"
      : undefined,
  "no interrupt remapping": (bench) =>
    bench.setParameter(UNSAFE_INTERRUPTS, "N") < 0
      ? "the parameter cannot be written"
      : whenIsolated(bench),
  "entry limit": ({ port }) =>
    typeof port.readText(ENTRY_LIMIT) === "string" ? undefined : `there is no ${ENTRY_LIMIT}`,
  "MSI window": (bench) =>
    bench.msiWindow() === undefined ? "the group has no reserved MSI window" : undefined,
  "no reset method": (bench) => (bench.canReset() ? "the device can be reset alone" : undefined),
  "file position": () => "the port has no file positions: only pread and pwrite",
  "MSI-X": () => "no device here has MSI-X",
  "device below a bridge": () => "every device here is on the root bus",
  "virtual functions": () => "no device here has virtual functions",
  "VGA absent": ({ devices }) => (devices[0]?.kind === "vga" ? "the device is a VGA" : undefined),
};

/** Why a case cannot be run here; undefined when it can. */
export function unmetNeed(needs: readonly Need[], bench: Bench): string | undefined {
  for (const need of needs) {
    const reason = QUESTIONS[need](bench);
    if (reason !== undefined) return reason;
  }
  return undefined;
}

function whenIsolated(bench: Bench): string | undefined {
  const isolated = bench.interruptsIsolated();
  return isolated ? "this machine's interrupts are remapped" : undefined;
}
