// The conformance suite as a program: the same cases on every target, simulated or real.
// facts differ by target: what an IOMMU does not offer is not claimed there.

import type { Host } from "@iommukit/lab";
import { CONFORMANCE_CASES, notClaimed, runCase } from "@iommukit/testkit/conformance";
import { type1 } from "@iommukit/type1-x86";

export default async function conformance(host: Host): Promise<void> {
  const broken: string[] = [];
  for (const each of CONFORMANCE_CASES) {
    const unclaimed = notClaimed(each, host, type1());
    if (unclaimed !== undefined) {
      host.log({ case: each.name, notClaimed: unclaimed });
      continue;
    }
    try {
      await runCase(each, host, type1());
      host.log({ case: each.name, ok: true });
    } catch (error) {
      broken.push(each.name);
      host.log({ case: each.name, ok: false, why: error instanceof Error ? error.message : error });
    }
  }
  host.log({
    cases: CONFORMANCE_CASES.length,
    broken: broken.length,
    lockedKilobytes: locked(host),
  });
  if (broken.length > 0)
    throw new Error(`${broken.length} conformance cases broken: ${broken.join("; ")}`);
}

/** VmLck of the process: every pinned page must be given back by now. */
function locked(host: Host): string | undefined {
  const status = host.port.readText("/proc/self/status");
  return typeof status === "string" ? /^VmLck:\s+(\d+) kB$/m.exec(status)?.[1] : undefined;
}
