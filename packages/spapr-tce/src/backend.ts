// sPAPR TCE: probes the kernel, sets the IOMMU type, opens the session; v2 before v1.

import {
  type BackendRefusal,
  type BackendSession,
  checkExtension,
  type IommuBackend,
  IommuError,
  isIommuError,
  type ProbeContext,
  type ProbeResult,
  refusedByKernel,
  setIommu,
} from "@iommukit/core";
import { requireOptions, told } from "./arguments.ts";
import { hasPamu } from "./qoriq.ts";
import { createSessionV1 } from "./session-v1.ts";
import { createSessionV2 } from "./session-v2.ts";
import { type SpaprVersion, VERSIONS } from "./version.ts";

/** How `spaprTce` is chosen. */
export interface SpaprOptions {
  /** Left out, 2 where it can be had, else 1. */
  readonly version?: SpaprVersion;
}

/**
 * The backend for server POWER: powernv hosts (PHB3, PHB4) and LPARs under a hypervisor.
 *
 * Version 2 registers memory and creates windows; version 1 has the default window and charges all of it.
 * Without `version` the kernel is asked for 2 and, where it cannot do that for these groups, for 1: then
 * `container.backend` is `spapr-tce-v1` and `container.negotiation` says why.
 *
 * Valid errors: `invalid-argument` (a version that does not exist, another option).
 */
export function spaprTce(options: SpaprOptions = {}): IommuBackend {
  requireOptions("spaprTce", options, ["version"]);
  const { version } = options;
  if (version !== undefined && version !== 1 && version !== 2) throw noSuchVersion(version);
  const versions: readonly SpaprVersion[] = version === undefined ? [2, 1] : [version];
  return Object.freeze({
    name: VERSIONS[version ?? 2].name,
    probe: (context: ProbeContext): ProbeResult => probe(context, versions),
    open: (context: ProbeContext): BackendSession => open(context, versions),
  });
}

function probe(context: ProbeContext, versions: readonly SpaprVersion[]): ProbeResult {
  if (hasPamu(context.port))
    return {
      usable: false,
      reason: "the device tree has fsl,pamu: this is a QorIQ, and the type numbers mean its driver",
      hint: "use the PAMU backend",
    };
  const reasons: string[] = [];
  for (const version of versions) {
    const reason = missing(context, version);
    if (reason === undefined) return { usable: true };
    reasons.push(reason);
  }
  return {
    usable: false,
    reason: reasons.join("; "),
    hint: "load vfio_iommu_spapr_tce; on x86 use the Type1 backend",
  };
}

/** Why the kernel has not this version, or undefined. */
function missing({ port, container }: ProbeContext, version: SpaprVersion): string | undefined {
  const { extension, title } = VERSIONS[version];
  const answer = checkExtension(port, container, extension);
  if (answer > 0) return undefined;
  return `the kernel has no ${title}: VFIO_CHECK_EXTENSION answered ${answer}`;
}

function open(context: ProbeContext, versions: readonly SpaprVersion[]): BackendSession {
  const refused: BackendRefusal[] = [];
  let cause: unknown;
  for (const version of versions) {
    const { name } = VERSIONS[version];
    const reason = missing(context, version);
    if (reason !== undefined) {
      refused.push({ backend: name, reasons: [reason] });
      continue;
    }
    try {
      set(context, version);
    } catch (error) {
      // The type was not set, so the next version may be.
      if (!isIommuError(error)) throw error;
      refused.push({ backend: name, reasons: [error.message] });
      cause = error;
      continue;
    }
    const negotiation = { chosen: name, refused };
    return version === 2
      ? createSessionV2(context, negotiation)
      : createSessionV1(context, negotiation);
  }
  throw cause instanceof IommuError && refused.length === 1 ? cause : noVersion(refused, cause);
}

function set({ port, container }: ProbeContext, version: SpaprVersion): void {
  const { extension, title } = VERSIONS[version];
  const result = setIommu(port, container, extension);
  if (result === 0) return;
  throw refusedByKernel(port.abi, {
    operation: "VFIO_SET_IOMMU",
    result,
    sentence: `the kernel does not put these groups under ${title}`,
    hints: {
      ENODEV: "a group has no PHB that the sPAPR driver knows",
      EINVAL: "the firmware offers no dynamic windows",
      EBUSY: version === 1 ? "v1 takes one group" : "a group is in another container",
      EPERM: "the groups' PHBs are of different kinds, or an LPAR's group has windows of its own",
    },
  });
}

function noVersion(refused: readonly BackendRefusal[], cause: unknown): IommuError {
  const lines = refused.map(({ backend, reasons }) => `${backend}: ${reasons.join("; ")}`);
  return new IommuError({
    code: "not-offered",
    operation: "VFIO_SET_IOMMU",
    sentence: `no version of sPAPR TCE takes these groups\n  ${lines.join("\n  ")}`,
    cause,
  });
}

function noSuchVersion(version: unknown): IommuError {
  return new IommuError({
    code: "invalid-argument",
    operation: "spaprTce",
    sentence: `there is no version ${told(version)} of sPAPR TCE`,
    hint: "1 or 2; leave it out for the better one that the kernel has",
  });
}
