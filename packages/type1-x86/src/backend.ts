// Type1 and Type1v2: probes the kernel, sets the IOMMU type, opens the session.

import {
  type BackendSession,
  checkExtension,
  type IommuBackend,
  IommuError,
  type ProbeContext,
  type ProbeResult,
  refusedByKernel,
  setIommu,
} from "@iommukit/core";
import { createSession } from "./session.ts";
import { type Type1Version, VERSIONS } from "./version.ts";

/** How `type1` is chosen. */
export interface Type1Options {
  /** Default 2, which the kernel's own header recommends. */
  readonly version?: Type1Version;
}

/**
 * The backend for x86: VT-d, AMD-Vi, virtio-iommu, and whatever else Linux drives as Type1.
 *
 * Version 2 refuses an unmap that would cut a mapping, where version 1 removes more than was asked or
 * nothing, and answers success (include/uapi/linux/vfio.h:1582, 6.12). Through this library both mean the
 * same: mappings are removed whole, and the ledger refuses any other range before the kernel sees it.
 * Version 1 has no dirty tracking. To prefer version 2 and fall back, list both:
 * `backends: [type1(), type1({ version: 1 })]`.
 *
 * Valid errors: `invalid-argument` (a version that does not exist).
 */
export function type1(options: Type1Options = {}): IommuBackend {
  const version = options.version ?? 2;
  if (!Object.hasOwn(VERSIONS, version)) throw noSuchVersion(version);
  return Object.freeze({
    name: VERSIONS[version].name,
    probe: (context: ProbeContext): ProbeResult => probe(context, version),
    open: (context: ProbeContext): BackendSession => open(context, version),
  });
}

function probe({ port, container }: ProbeContext, version: Type1Version): ProbeResult {
  const { extension, title } = VERSIONS[version];
  const answer = checkExtension(port, container, extension);
  if (answer > 0) return { usable: true };
  return {
    usable: false,
    reason: `the kernel has no ${title}: VFIO_CHECK_EXTENSION answered ${answer}`,
    hint: "load vfio_iommu_type1; on POWER use the sPAPR backend",
  };
}

function open(context: ProbeContext, version: Type1Version): BackendSession {
  const { port, container } = context;
  const { extension, title } = VERSIONS[version];
  const result = setIommu(port, container, extension);
  if (result !== 0)
    throw refusedByKernel(port.abi, {
      operation: "VFIO_SET_IOMMU",
      result,
      sentence: `the kernel does not put these groups under ${title}`,
      hints: {
        EPERM:
          "interrupts are not isolated: switch interrupt remapping on, or accept the risk with vfio_iommu_type1.allow_unsafe_interrupts=1",
        ENODEV: "no IOMMU driver takes these groups",
        EINVAL: "a group is gone, or its devices need a mapping that this container cannot hold",
        EBUSY: "a device of the group is attached elsewhere",
      },
    });
  return createSession(context, version);
}

function noSuchVersion(version: unknown): IommuError {
  return new IommuError({
    code: "invalid-argument",
    operation: "type1",
    sentence: `there is no version ${String(version)} of Type1`,
    hint: "1 or 2; leave it out for 2",
  });
}
