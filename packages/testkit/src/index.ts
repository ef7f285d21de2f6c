// The names a test author needs on the first day.

export { breaksChain, type ChainBreak } from "./faults/broken-capability-chain.ts";
export { answers, fails, failsAfterwards, isDelayed, reads } from "./faults/errno.ts";
export { type FaultyPort, type FiredFault, faultyPort } from "./faults/faulty-port.ts";
export type { Fault, FaultEffect, FaultPlan, FaultTrigger } from "./faults/plan.ts";
export { argszGrows, corrupts, unmapsShort } from "./faults/written-back.ts";
export { errnoName } from "./kernel/errno.ts";
export type { Process, ProcessOptions } from "./kernel/process.ts";
export type { SimKernel, SimProcess } from "./kernel/sim-kernel.ts";
export { SimulatedCrash } from "./kernel/simulated-crash.ts";
export { SimulatedHang } from "./kernel/vfio-core.ts";
export { type AmdviMachineOptions, amdvi } from "./machines/amdvi.ts";
export type { Machine, MachineOptions } from "./machines/machine.ts";
export {
  PAMU_EXTENSIONS,
  type PamuMachineOptions,
  type PamuRelease,
  pamu,
} from "./machines/pamu.ts";
export { type PowernvMachineOptions, powernv, powernv64k } from "./machines/powernv.ts";
export { type PseriesMachineOptions, pseries } from "./machines/pseries.ts";
export type { RawDma } from "./machines/raw-dma.ts";
export {
  type HostDevice,
  type HostOptions,
  type Inspection,
  KERNEL_DRIVER,
  type SimulatedHost,
  simulatedHost,
} from "./machines/simulated-host.ts";
export { type VtdMachineOptions, vtd } from "./machines/vtd.ts";
export type { CallName, PortCall } from "./trace/intercept.ts";
export { type CallRecord, type Recording, recordingPort } from "./trace/recorder.ts";
