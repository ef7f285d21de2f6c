// What a test may look at from outside: mappings, descriptors, pinned and locked pages.
//
// Reading only; nothing here changes the kernel or counts as a call.

import type { ContainerDriver, MappingReport } from "./drivers/driver.ts";
import type { SimKernel } from "./sim-kernel.ts";
import { PAGE } from "./user-memory.ts";
import type { ContainerFile } from "./vfio-container.ts";

/** Mappings of every container that has a group, ordered by container and iova. */
export function liveMappings(kernel: SimKernel): readonly MappingReport[] {
  return drivers(kernel).flatMap((driver) => [...driver.mappings()]);
}

function drivers(kernel: SimKernel): readonly ContainerDriver[] {
  const containers = new Set<ContainerFile>();
  for (const group of kernel.vfio?.groups.values() ?? [])
    if (group.container !== null) containers.add(group.container);
  return [...containers].flatMap(({ driver }) => (driver === null ? [] : [driver]));
}

export interface LeakedDescriptor {
  readonly pid: number;
  readonly fd: number;
  readonly kind: string;
  readonly label: string;
}

export function openDescriptors(kernel: SimKernel): readonly LeakedDescriptor[] {
  return kernel.processes.flatMap((process) =>
    process.fds.report().map((descriptor) => ({ pid: process.pid, ...descriptor })),
  );
}

/** VmLck of all processes, in bytes. */
export function lockedBytes(kernel: SimKernel): number {
  return kernel.processes.reduce((bytes, { locked }) => bytes + locked.pages * PAGE, 0);
}

/** Pages that some mapping or registration pins; a page pinned twice counts twice. */
export function pinnedPages(kernel: SimKernel): number {
  const mapped = liveMappings(kernel).reduce((pages, mapping) => pages + mapping.pinnedPages, 0);
  return drivers(kernel).reduce((pages, each) => pages + (each.registeredPages?.() ?? 0), mapped);
}
