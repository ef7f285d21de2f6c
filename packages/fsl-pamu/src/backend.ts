// The PAMU under the vendor's VFIO driver: makes sure of the hardware, sets the type, opens the session.

import {
  type BackendSession,
  checkExtension,
  type IommuBackend,
  type ProbeContext,
  type ProbeResult,
  refusedByKernel,
  setIommu,
} from "@iommukit/core";
import { findPamuNode } from "./device-tree.ts";
import { hasType1, NO_ISOLATION, openMainline } from "./mainline.ts";
import { checkedPamuOptions, type FslPamuOptions } from "./options.ts";
import { createSession } from "./session.ts";

/**
 * The backend for QorIQ's PAMU under the kernels of the vendor's SDK (1.4 to 2.0). `type` is the
 * IOMMU type of that release; mainline means something else by two of the three numbers, so the
 * device tree is looked at first and no other call is made where it has no PAMU.
 *
 * A mainline kernel's PAMU gives no isolation. It is refused, unless the container was opened with
 * `accept: ["no-isolation"]` (and `"unsafe-interrupts"`): then its devices can be opened, and
 * nothing mapped.
 *
 * Valid errors: `invalid-argument`, `zero-size`, `misaligned`, `no-iova-space` (options that no
 * PAMU could have).
 */
export function fslPamu(options: FslPamuOptions): IommuBackend {
  const checked = checkedPamuOptions(options);
  return Object.freeze({
    name: "fsl-pamu",
    probe: (context: ProbeContext): ProbeResult => probe(context, checked),
    open: (context: ProbeContext): BackendSession => open(context, checked),
  });
}

function probe(context: ProbeContext, { type }: FslPamuOptions): ProbeResult {
  const { port, container } = context;
  if (findPamuNode(port) === undefined)
    return {
      usable: false,
      reason: "the device tree has no fsl,pamu, so this is no QorIQ",
      hint: "on POWER servers use the sPAPR backend",
    };
  const answer = checkExtension(port, container, type);
  if (answer > 0 || acceptsMainline(context)) return { usable: true };
  return {
    usable: false,
    reason: `the kernel has no VFIO driver for its PAMU under type ${type}: VFIO_CHECK_EXTENSION answered ${answer}${hasType1(context) ? `; ${NO_ISOLATION}` : ""}`,
    hint: "use a kernel of the vendor's SDK and its type: 7 (SDK 2.0), 1000 (SDK 1.6 to 1.9), 2 (SDK 1.4)",
  };
}

function acceptsMainline(context: ProbeContext): boolean {
  return context.accepted?.includes("no-isolation") === true && hasType1(context);
}

function open(context: ProbeContext, { type, aperture }: FslPamuOptions): BackendSession {
  const { port, container } = context;
  if (checkExtension(port, container, type) <= 0) return openMainline(context);
  const result = setIommu(port, container, type);
  if (result !== 0)
    throw refusedByKernel(port.abi, {
      operation: "VFIO_SET_IOMMU",
      result,
      sentence: "the kernel does not put these groups under its PAMU",
      hints: {
        EINVAL: "a device has no fsl,liodn, or one above the kernel's table of 1280",
        EIO: "the kernel has no PAMU domain for this bus",
        ENODEV: "no IOMMU driver takes these groups",
      },
    });
  return createSession(context, aperture);
}
