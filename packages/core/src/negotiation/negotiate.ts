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
import type { DmaWindow } from "../contract/dma-window.ts";
import { IommuError, isIommuError } from "../errors/base.ts";

export interface Negotiated {
  readonly backend: IommuBackend;
  readonly session: BackendSession;
  readonly negotiation: Negotiation;
}

/** What the caller cannot do without, and what it accepts: in force for the container's whole life. */
export interface NegotiationTerms {
  readonly required: Requirements;
  readonly accepted: readonly AcceptedWeakness[];
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
  terms: NegotiationTerms,
  reset: () => void,
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
      const chosen = session.negotiation?.chosen ?? backend.name;
      refused.push(...(session.negotiation?.refused ?? []));
      const unmet = unmetTerms(session, terms);
      if (unmet.length === 0) return { backend, session, negotiation: { chosen, refused } };
      refused.push({ backend: chosen, reasons: unmet });
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

/** One sentence for each term that a session does not meet; asked again when a group joins. */
export function unmetTerms(session: BackendSession, terms: NegotiationTerms): readonly string[] {
  return [
    ...unacceptedWeaknesses(session, terms.accepted),
    ...unmetRequirements(session, terms.required),
  ];
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
  const missing = (required.capabilities ?? []).flatMap((name) => missingReason(session, name));
  const { pageSize, windowSize } = required;
  if (pageSize === undefined && windowSize === undefined) return missing;
  return [...missing, ...unmetWindows(session.readWindows(), required)];
}

function missingReason(session: BackendSession, name: CapabilityName): readonly string[] {
  const known = Object.hasOwn(session.capabilities, name);
  const status = known ? session.capabilities[name] : undefined;
  if (status === undefined) return [`${name}: not known to this backend`];
  return status.offered ? [] : [`${name}: ${status.reason}`];
}

function unmetWindows(
  windows: readonly DmaWindow[],
  { pageSize, windowSize }: Requirements,
): readonly string[] {
  const reasons: string[] = [];
  if (pageSize !== undefined && !windows.some((window) => pageSize % window.pageSize === 0)) {
    const sizes = windows.map((window) => formatSize(window.pageSize)).join(", ");
    reasons.push(`page size ${formatSize(pageSize)}: windows have pages of ${sizes || "no size"}`);
  }
  const wanted = windowSize === undefined ? 0n : BigInt(windowSize);
  if (!windows.some((window) => window.last - window.start >= wanted - 1n))
    reasons.push(`window size ${formatSize(wanted)}: no window is that large`);
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
