/**
 * Makes a target ready to run: its tools are there, its kernel is in the cache.
 */

import { type SetupRequest, type SetupResult, setupKernel } from "./debian.ts";
import { installedKoffi } from "./koffi.ts";
import { isForeign, type Machine } from "./machine.ts";
import { MACHINES, machineFor } from "./machines.ts";
import { setupGuestRoot } from "./root-setup.ts";
import { BUSYBOX, requireTool, type Tool, XZ } from "./tools.ts";

export type TargetSetup = Omit<SetupRequest, "metaPackage" | "architecture" | "modules">;

/** What must be installed here to run the machine. */
export function toolsOf(machine: Machine): readonly Tool[] {
  // A foreign guest's busybox comes with its root.
  return isForeign(machine) ? [machine.qemu, XZ] : [machine.qemu, BUSYBOX, XZ];
}

/**
 * What a run needs is asked for first, so that nobody downloads a kernel in vain.
 *
 * Valid errors: `target-unknown`, and those of `setupKernel` and `setupGuestRoot`.
 */
export async function setupTarget(target: string, options: TargetSetup = {}): Promise<SetupResult> {
  const machine = machineFor(target);
  const { kernelPackage, debianArchitecture } = machine;
  for (const tool of toolsOf(machine)) requireTool(tool);
  const done = await setupKernel({
    ...options,
    metaPackage: kernelPackage,
    architecture: debianArchitecture,
    modules: modulesOf(kernelPackage),
  });
  if (!isForeign(machine)) return done;
  const root = await setupGuestRoot({
    ...options,
    architecture: debianArchitecture,
    arch: machine.arch,
    koffi: installedKoffi().version,
  });
  return { ...done, changed: done.changed || root.changed };
}

/** Several machines boot one kernel, so setting up for one sets up for all of them. */
function modulesOf(kernelPackage: string): readonly string[] {
  const machines = MACHINES.filter((machine) => machine.kernelPackage === kernelPackage);
  return machines.flatMap(({ modules }) => modules.map(({ name }) => name));
}
