// Which backend serves a container: the first of the caller's list that the kernel has and that
// offers what is required. Every refusal keeps its reasons.

import { formatSize } from "../address/units.ts";
import type { BackendSession, IommuBackend, ProbeContext } from "../contract/backend.ts";
import type { BackendRefusal, Negotiation, Requirements } from "../contract/container.ts";
import { IommuError, isIommuError } from "../errors/base.ts";

export interface Negotiated {
  readonly backend: IommuBackend;
  readonly session: BackendSession;
  readonly negotiation: Negotiation;
}

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
  required: Requirements,
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
      const unmet = unmetRequirements(session, required);
      if (unmet.length === 0)
        return { backend, session, negotiation: { chosen: backend.name, refused } };
      refused.push({ backend: backend.name, reasons: unmet });
      reset();
    } catch (error) {
      if (!isIommuError(error)) throw error;
      last = error;
      refused.push({ backend: backend.name, reasons: [error.message] });
    }
  }
  throw noBackend(refused, last);
}

/** One sentence for each requirement that a session does not meet. */
export function unmetRequirements(
  session: BackendSession,
  required: Requirements,
): readonly string[] {
  const reasons: string[] = [];
  for (const name of required.capabilities ?? []) {
    const status = session.capabilities[name];
    if (status === undefined) reasons.push(`${name}: not known to this backend`);
    else if (!status.offered) reasons.push(`${name}: ${status.reason}`);
  }
  const windows = session.readWindows();
  const { pageSize, windowSize } = required;
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
