// Each hazard of the sPAPR driver twice: the kernel asked directly, and through the library.
// facts differ by target: some hazards are powernv's and some an LPAR's.
// the kernel warns: the raw halves ask for it, with a region of size 0 and regions that outlive the process.
//
//     npx iommukit run integration/spapr-hazards.ts --on sim/powernv,qemu/powernv9,qemu/pseries --timeout 300
//
// The library's halves come first and leave nothing: no locked memory, no warning in the kernel's log. Of the
// raw halves some are there to show what stays: those come last, and what they lock is told.

import type { Host } from "@iommukit/lab";
import {
  HAZARDS,
  type Hazard,
  inOrder,
  lockedBytes,
  runMasked,
  runRaw,
} from "../packages/spapr-tce/test/hazards/index.ts";
import { readKernelLog, troubleIn } from "./kernel-log.ts";

export default function spaprHazards(host: Host): void {
  const { port, devices, target } = host;
  const platform = /pseries/.test(target) ? "pseries" : "powernv";
  const mine = HAZARDS.filter((each) => each.platform === undefined || each.platform === platform);
  const before = lockedBytes(port);
  const logged = readKernelLog()?.length ?? 0;
  const failures: string[] = [];

  for (const hazard of mine)
    tell(host, failures, hazard, "masked", () => runMasked(hazard, port, devices));
  const locked = lockedBytes(port) - before;
  const trouble = target.startsWith("sim/") ? [] : troubleIn((readKernelLog() ?? []).slice(logged));
  if (locked !== 0) failures.push(`the library left ${locked} bytes locked`);
  if (trouble.length > 0) failures.push("the kernel warned");
  host.log({ library: mine.length, failed: failures.length, stillLocked: locked, trouble });

  for (const hazard of inOrder(mine)) {
    const charged = lockedBytes(port);
    tell(host, failures, hazard, "raw", () => runRaw(hazard, port, devices));
    const stays = lockedBytes(port) - charged;
    if (stays !== 0 && hazard.leaves === undefined) failures.push(`${hazard.name}: ${stays} stay`);
  }
  host.log({ kernel: mine.length, failed: failures.length, stays: lockedBytes(port) - before });
  if (failures.length > 0) throw new Error(failures.join("; "));
}

function tell(
  host: Host,
  failures: string[],
  { name }: Hazard,
  half: "raw" | "masked",
  run: () => void,
): void {
  let said = "as expected";
  try {
    run();
  } catch (error) {
    said = error instanceof Error ? error.message : String(error);
    failures.push(`${name} (${half}): ${said}`);
  }
  host.log({ hazard: name, half, said });
}
