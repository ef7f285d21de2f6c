/**
 * Makes a target ready to run: its tools are there, its kernel is in the cache.
 */

import { type SetupRequest, type SetupResult, setupKernel } from "./debian.ts";
import { MACHINES, machineFor } from "./machines.ts";
import { BUSYBOX, requireTool, XZ } from "./tools.ts";

export type TargetSetup = Omit<SetupRequest, "metaPackage" | "architecture" | "modules">;

/**
 * What a run needs is asked for first, so that nobody downloads a kernel in vain.
 *
 * Valid errors: `target-unknown`, and those of `setupKernel`.
 */
export async function setupTarget(target: string, options: TargetSetup = {}): Promise<SetupResult> {
  const { qemu, kernelPackage, debianArchitecture } = machineFor(target);
  for (const tool of [qemu, BUSYBOX, XZ]) requireTool(tool);
  return await setupKernel({
    ...options,
    metaPackage: kernelPackage,
    architecture: debianArchitecture,
    modules: modulesOf(kernelPackage),
  });
}

/** Several machines boot one kernel, so setting up for one sets up for all of them. */
function modulesOf(kernelPackage: string): readonly string[] {
  const machines = MACHINES.filter((machine) => machine.kernelPackage === kernelPackage);
  return machines.flatMap(({ modules }) => modules.map(({ name }) => name));
}
