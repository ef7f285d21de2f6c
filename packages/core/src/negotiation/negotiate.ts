// Which backend serves a container: the first of the caller's list that the kernel has and that
// offers what is required. Every refusal keeps its reasons.

import { formatSize } from "../address/units.ts";
import type { BackendSession, IommuBackend, ProbeContext } from "../contract/backend.ts";
import type { CapabilityName } from "../contract/capabilities.ts";
import type {
  AcceptedWeakness,
  BackendRefusal,
  Negotiation,
  Requirements,
} from "../contract/container.ts";
import { IommuError, isIommuError } from "../errors/base.ts";

export interface Negotiated {
  readonly backend: IommuBackend;
  readonly session: BackendSession;
  readonly negotiation: Negotiation;
}

export interface NegotiationTerms {
  readonly required: Requirements;
  readonly accepted: readonly AcceptedWeakness[];
  /** Takes the IOMMU type off the container again. */
  readonly reset: () => void;
}

/** What must be offered unless the caller accepts by name that it is not (rule CL6). */
const MUST_BE_OFFERED: readonly (readonly [CapabilityName, AcceptedWeakness])[] = [
  ["isolation", "no-isolation"],
  ["interrupt-isolation", "unsafe-interrupts"],
];

/**
 * Opens the first backend that fits.
 *
 * `reset` takes the IOMMU type off the container again: the kernel knows no other way than to take
 * every group out and put it back.
 *
 * Valid errors: `no-backend`; those of `reset`.
 */
export function negotiate(
  backends: readonly IommuBackend[],
  context: ProbeContext,
  { required, accepted, reset }: NegotiationTerms,
): Negotiated {
  const refused: BackendRefusal[] = [];
  let last: unknown;
  for (const backend of backends) {
    const probe = backend.probe(context);
    if (!probe.usable) {
      refused.push({ backend: backend.name, reasons: [withHint(probe.reason, probe.hint)] });
      continue;
    }
    try {
      const session = backend.open(context);
      const unmet = [
        ...unacceptedWeaknesses(session, accepted),
        ...unmetRequirements(session, required),
      ];
      if (unmet.length === 0)
        return { backend, session, negotiation: { chosen: backend.name, refused } };
      refused.push({ backend: backend.name, reasons: unmet });
    } catch (error) {
      if (!isIommuError(error)) throw error;
      last = error;
      refused.push({ backend: backend.name, reasons: [error.message] });
    }
    // Whether open failed before or after it set the type cannot be seen from here.
    reset();
  }
  throw noBackend(refused, last);
}

function unacceptedWeaknesses(
  session: BackendSession,
  accepted: readonly AcceptedWeakness[],
): readonly string[] {
  return MUST_BE_OFFERED.flatMap(([capability, weakness]) => {
    const status = session.capabilities[capability];
    if (status?.offered === true || accepted.includes(weakness)) return [];
    const reason = status === undefined ? "not known to this backend" : status.reason;
    return [
      `${capability}: ${reason} (open the container with accept: ['${weakness}'] to bear it)`,
    ];
  });
}

/** One sentence for each requirement that a session does not meet. */
function unmetRequirements(session: BackendSession, required: Requirements): readonly string[] {
  const reasons: string[] = [];
  for (const name of required.capabilities ?? []) {
    const status = session.capabilities[name];
    if (status === undefined) reasons.push(`${name}: not known to this backend`);
    else if (!status.offered) reasons.push(`${name}: ${status.reason}`);
  }
  if (required.pageSize === undefined && required.windowSize === undefined) return reasons;
  const windows = session.readWindows();
  const { pageSize } = required;
  const windowSize = required.windowSize === undefined ? undefined : BigInt(required.windowSize);
  if (pageSize !== undefined && !windows.some((window) => pageSize % window.pageSize === 0))
    reasons.push(
      `page size ${formatSize(pageSize)}: windows have pages of ${windows.map((w) => formatSize(w.pageSize)).join(", ") || "no size"}`,
    );
  if (
    windowSize !== undefined &&
    !windows.some((window) => window.last - window.start >= windowSize - 1n)
  )
    reasons.push(`window size ${formatSize(windowSize)}: no window is that large`);
  return reasons;
}

function withHint(reason: string, hint: string | undefined): string {
  return hint === undefined ? reason : `${reason} (${hint})`;
}

function noBackend(refused: readonly BackendRefusal[], cause: unknown): IommuError {
  const lines = refused.map(({ backend, reasons }) => `${backend}: ${reasons.join("; ")}`);
  return new IommuError({
    code: "no-backend",
    operation: "openContainer",
    sentence: `no backend can serve these groups\n  ${lines.join("\n  ")}`,
    facts: { tried: refused.map((refusal) => refusal.backend) },
    cause,
  });
}
