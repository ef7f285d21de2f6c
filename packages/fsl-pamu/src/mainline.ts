// A mainline kernel on a QorIQ: it has a PAMU driver, and no isolation.
//
// Since Linux 5.13 fsl_pamu_domain.c gives every device that VFIO attaches one identity window of 64 GiB,
// readable and writable, and has no map (commits ba58d1216e2b and 57fa44be7fdb). It shows as Type1.

import {
  type BackendSession,
  type CapabilityRecord,
  checkExtension,
  IommuError,
  type ProbeContext,
  refusedByKernel,
  setIommu,
} from "@iommukit/core";
import { VFIO_TYPE1v2_IOMMU } from "@iommukit/core/uapi";

export const NO_ISOLATION =
  "this kernel's PAMU driver gives a device all of the first 64 GiB of memory, and maps nothing";

/** Whether the kernel has the type under which a mainline PAMU shows. */
export function hasType1(context: ProbeContext): boolean {
  return checkExtension(context.port, context.container, VFIO_TYPE1v2_IOMMU) > 0;
}

/**
 * Devices can be opened and reset; they reach all memory at its physical address, and nothing can
 * be mapped.
 */
export function openMainline(context: ProbeContext): BackendSession {
  const { port, container } = context;
  const result = setIommu(port, container, VFIO_TYPE1v2_IOMMU);
  if (result !== 0)
    throw refusedByKernel(port.abi, {
      operation: "VFIO_SET_IOMMU",
      result,
      sentence: "the kernel does not put these groups under Type1",
      hints: { EPERM: "a PAMU remaps no interrupts: vfio_iommu_type1.allow_unsafe_interrupts=1" },
    });
  return Object.freeze({
    capabilities: CAPABILITIES,
    readWindows: () => [],
    readMappingsAvailable: () => undefined,
    map: () => mapsNothing("map"),
    mapAsync: () => Promise.reject(nothingMapped("map")),
    unmap: () => mapsNothing("unmap"),
  } satisfies BackendSession);
}

const CAPABILITIES: CapabilityRecord = Object.freeze({
  isolation: { offered: false, reason: NO_ISOLATION },
  "interrupt-isolation": {
    offered: false,
    reason: "a device reaches the interrupt controller like all memory",
  },
});

function mapsNothing(operation: string): never {
  throw nothingMapped(operation);
}

function nothingMapped(operation: string): IommuError {
  return new IommuError({
    code: "outside-window",
    operation,
    sentence: `${operation} refused: ${NO_ISOLATION}`,
  });
}
