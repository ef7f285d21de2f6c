// Type1v2: probes the kernel, sets the IOMMU type, opens the session.

import {
  type BackendSession,
  checkExtension,
  type IommuBackend,
  type ProbeContext,
  type ProbeResult,
  refusedByKernel,
  setIommu,
} from "@iommukit/core";
import { VFIO_TYPE1v2_IOMMU } from "@iommukit/core/uapi";
import { createSession } from "./session.ts";

/**
 * The backend for x86: VT-d, AMD-Vi, virtio-iommu, and whatever else Linux drives as Type1v2.
 *
 * Type1v2 rather than Type1, because it refuses an unmap that would cut a mapping, where Type1 removes
 * more than was asked or nothing (include/uapi/linux/vfio.h, VFIO_IOMMU_UNMAP_DMA).
 */
export function type1(): IommuBackend {
  return Object.freeze({ name: "type1v2", probe, open });
}

function probe({ port, container }: ProbeContext): ProbeResult {
  const answer = checkExtension(port, container, VFIO_TYPE1v2_IOMMU);
  if (answer > 0) return { usable: true };
  return {
    usable: false,
    reason: `the kernel has no Type1v2: VFIO_CHECK_EXTENSION answered ${answer}`,
    hint: "load vfio_iommu_type1; on POWER use the sPAPR backend",
  };
}

function open(context: ProbeContext): BackendSession {
  const { port, container } = context;
  const result = setIommu(port, container, VFIO_TYPE1v2_IOMMU);
  if (result !== 0)
    throw refusedByKernel(port.abi, {
      operation: "VFIO_SET_IOMMU",
      result,
      sentence: "the kernel does not put these groups under Type1v2",
      hints: {
        EPERM:
          "interrupts are not isolated: switch interrupt remapping on, or accept the risk with vfio_iommu_type1.allow_unsafe_interrupts=1",
        ENODEV: "no IOMMU driver takes these groups",
        EINVAL: "a group is gone, or its devices need a mapping that this container cannot hold",
        EBUSY: "a device of the group is attached elsewhere",
      },
    });
  return createSession(context);
}
