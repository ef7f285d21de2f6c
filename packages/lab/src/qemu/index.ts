/**
 * Real kernels on emulated machines: set one up, run a program on it.
 */

export { cacheRoot } from "./cache.ts";
export { kernelTroubles } from "./console.ts";
export { DEFAULT_SUITE } from "./debian.ts";
export { QemuError } from "./errors.ts";
export { inspectGuestRoot } from "./guest-root.ts";
export { inspectKernel } from "./kernel.ts";
export { kernelTrouble, rootTrouble } from "./kernel-trouble.ts";
export { isForeign, type Machine } from "./machine.ts";
export { MACHINES } from "./machines.ts";
export type { Progress } from "./packages.ts";
export { runInGuest } from "./run.ts";
export { setupTarget, toolsOf } from "./setup.ts";
export { findTool, remedy } from "./tools.ts";
export type { GuestResult } from "./watch.ts";
