// This machine's own VFIO. Binds nothing: only devices that the user gave to vfio-pci are seen.

import { runHere } from "./child.ts";
import type { Readiness, Target } from "./target.ts";

export const HOST_TARGET: Target = {
  name: "host",
  kind: "linux",
  summary: "this machine's own kernel and IOMMU",
  needs: "Linux with VFIO, and devices bound to vfio-pci",
  readiness,
  run: (run) => runHere("host", "linux", run),
};

async function readiness(): Promise<Readiness> {
  const { examineHost } = await import("../doctor/examine.ts");
  const failed = examineHost().find(({ ok }) => !ok);
  if (failed === undefined) return { ready: true };
  return { ready: false, reason: failed.found, hint: failed.remedy ?? "run: iommukit doctor" };
}
