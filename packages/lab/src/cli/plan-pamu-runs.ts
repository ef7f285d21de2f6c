// What lies in an aperture, from its first window to its last, neighbours of one kind together.

import type { WindowPlan } from "@iommukit/fsl-pamu";

/** Windows `first` to `last` with the same in them; an MSI bank's run is one window. */
export interface Run {
  readonly first: number;
  readonly last: number;
  readonly holds: "RAM" | "MSI" | "free";
  /** Only of an MSI bank. */
  readonly bank?: number;
}

export function runsOf(plan: WindowPlan): readonly Run[] {
  const { start, windowSize, windows } = plan;
  const ram = plan.ram.map((region): Run => {
    const first = Number((region.start - start) / windowSize);
    return { first, last: first + Number(region.size / windowSize) - 1, holds: "RAM" };
  });
  const msi = plan.msi.map(
    ({ window, bank }): Run => ({ first: window, last: window, holds: "MSI", bank }),
  );
  const taken = [...ram, ...msi].toSorted((a, b) => a.first - b.first);
  const runs: Run[] = [];
  let next = 0;
  for (const run of taken) {
    if (run.first > next) runs.push({ first: next, last: run.first - 1, holds: "free" });
    runs.push(run);
    next = run.last + 1;
  }
  if (next < windows) runs.push({ first: next, last: windows - 1, holds: "free" });
  return runs;
}
