// A backend that can only be asked: it shows what negotiation says of an IOMMU that is not there.

import {
  checkExtension,
  type IommuBackend,
  IommuError,
  type ProbeContext,
  type ProbeResult,
} from "@iommukit/core";
import { VFIO_SPAPR_TCE_v2_IOMMU } from "@iommukit/core/uapi";

/** Asks the kernel for POWER's sPAPR TCE v2. Where it exists, opening it says that this is no driver. */
export function spaprProbe(): IommuBackend {
  return Object.freeze({ name: "spapr-tce-v2", probe, open });
}

function probe({ port, container }: ProbeContext): ProbeResult {
  const answer = checkExtension(port, container, VFIO_SPAPR_TCE_v2_IOMMU);
  if (answer > 0) return { usable: true };
  return {
    usable: false,
    reason: `the kernel has no sPAPR TCE v2: VFIO_CHECK_EXTENSION answered ${answer}`,
  };
}

function open(): never {
  throw new IommuError({
    code: "not-offered",
    operation: "open spapr-tce-v2",
    sentence: "this probe cannot drive sPAPR, it only asks for it",
  });
}
