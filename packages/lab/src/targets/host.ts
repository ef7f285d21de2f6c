// This machine's own VFIO. Binds nothing: only devices that the user gave to vfio-pci are seen.

import { LabError } from "../errors.ts";
import type { Outcome } from "../run/session.ts";
import { runHere } from "./child.ts";
import type { Readiness, Target, TargetRun } from "./target.ts";

export const HOST_TARGET: Target = {
  name: "host",
  kind: "linux",
  summary: "this machine's own kernel and IOMMU",
  needs: "Linux with VFIO, and devices bound to vfio-pci",
  readiness,
  run,
};

/** Valid errors: `target-not-ready`, with what `iommukit targets` says. */
async function run(request: TargetRun): Promise<Outcome> {
  const found = await readiness();
  if (found.ready) return await runHere("host", "linux", request);
  throw new LabError("target-not-ready", `host is not ready: ${found.reason}`, {
    hint: found.hint,
  });
}

async function readiness(): Promise<Readiness> {
  const { examineHost } = await import("../doctor/examine.ts");
  const failed = examineHost().find(({ ok }) => !ok);
  if (failed === undefined) return { ready: true };
  return { ready: false, reason: failed.found, hint: failed.remedy ?? "run: iommukit doctor" };
}
