/**
 * Real kernels on emulated machines: set one up, run a program on it.
 */

export { cacheRoot } from "./cache.ts";
export { type KernelTrouble, type KernelTroubleKind, kernelTroubles } from "./console.ts";
export { DEFAULT_SUITE, type SetupResult } from "./debian.ts";
export { QEMU_ERROR_CODES, QemuError, type QemuErrorCode } from "./errors.ts";
export { findKernel, type InstalledKernel, type Kernel } from "./kernel.ts";
export type { AssignableDevice, Machine } from "./machine.ts";
export { MACHINES, machineFor } from "./machines.ts";
export type { Progress } from "./packages.ts";
export { DEFAULT_TIMEOUT_SECONDS, type RunRequest, runInGuest } from "./run.ts";
export { setupTarget, type TargetSetup } from "./setup.ts";
export { BUSYBOX, findTool, remedy, SETUP_TOOLS, type Tool, XZ } from "./tools.ts";
export type { GuestResult, Listeners, Stage } from "./watch.ts";
