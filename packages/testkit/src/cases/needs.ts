// What some cases need that not every host has, and how a host is asked for it.
//
// Each question ends with a reason, which is what the report says about the case.

import type { Bench } from "./bench.ts";
import { request } from "./encode.ts";
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
  | "VGA absent"
  | "bare metal"
  | "LPAR"
  | "huge pages";

type Question = (bench: Bench) => string | undefined;

const HUGE = 2 * 1024 * 1024;
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
    abilities.fork === undefined || abilities.limits === "none"
      ? "this host makes no process without CAP_IPC_LOCK"
      : undefined,
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
  "file position": ({ abilities }) =>
    abilities.read === undefined ? "this host has pread and pwrite only" : undefined,
  "MSI-X": () => "no device here has MSI-X",
  "device below a bridge": () => "every device here is on the root bus",
  "virtual functions": () => "no device here has virtual functions",
  "bare metal": (bench) => (isBareMetal(bench) ? undefined : "this kernel runs in an LPAR"),
  LPAR: (bench) => (isBareMetal(bench) ? "this kernel runs on bare metal" : undefined),
  "huge pages": (bench) => (hasHugePages(bench) ? undefined : "there are no pages of 2 MiB"),
  "VGA absent": ({ devices }) => (devices[0]?.kind === "vga" ? "the device is a VGA" : undefined),
};

/** Only bare-metal POWER says that it has EEH (VFIO_EEH is extension 5). */
function isBareMetal({ port }: Bench): boolean {
  const container = port.open("/dev/vfio/vfio", "rw");
  const answer = port.ioctl(container, request(port.abi, 1), 5);
  port.close(container);
  return answer === 1;
}

function hasHugePages({ port }: Bench): boolean {
  const memory = port.mapMemory({ length: HUGE, pageSize: HUGE });
  return typeof memory !== "number" && memory.close() === 0;
}

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
