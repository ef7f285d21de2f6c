// Simulated hosts: a simulated kernel over simulated IOMMU hardware, ready everywhere.

import { SIMULATED } from "../sim/names.ts";
import { runHere } from "./child.ts";
import type { Target } from "./target.ts";

export const SIM_TARGETS: readonly Target[] = SIMULATED.map(({ name, summary }) => ({
  name,
  kind: "sim",
  summary,
  needs: "nothing",
  readiness: () => Promise.resolve({ ready: true as const }),
  run: (run) => runHere(name, "sim", run),
}));
