// I42: 20,000 generated programs mean the same behind every IOMMU: the same answers, the same bytes.
//
// `IOMMUKIT_PROGRAMS=100000 npx vitest run integration/portability` runs more, IOMMUKIT_SEED repeats.

import { fslPamu } from "@iommukit/fsl-pamu";
import { spaprTce } from "@iommukit/spapr-tce";
import { amdvi, pamu, powernv, powernv64k, pseries, vtd } from "@iommukit/testkit";
import { comparePrograms, type PortableMachine } from "@iommukit/testkit/portability";
import { type1 } from "@iommukit/type1-x86";
import { expect, inject, test } from "vitest";

const PROGRAMS = Number(process.env["IOMMUKIT_PROGRAMS"] ?? 20_000);
/** Eighty milliseconds a program are a machine that hangs. */
const LIMIT_MS = 60_000 + PROGRAMS * 80;

/**
 * A PAMU's kernel cuts a device off at its first access outside the mappings; here it only logs, since
 * every program looks at addresses that are not mapped. Blocked reads give zeros, as in QEMU.
 */
const REPORTS = { violations: "report", blockedReads: "zeros" } as const;
const pamuBackend = () => fslPamu({ type: 7 });

const MACHINES: readonly PortableMachine[] = [
  { name: "sim/vtd", machine: vtd, backend: type1 },
  { name: "sim/amdvi", machine: amdvi, backend: type1 },
  { name: "sim/powernv", machine: powernv, backend: spaprTce },
  { name: "sim/powernv-64k", machine: powernv64k, backend: spaprTce, everyBatch: 4 },
  { name: "sim/pseries", machine: pseries, backend: spaprTce },
  { name: "sim/pamu", machine: () => pamu(REPORTS), backend: pamuBackend },
  {
    everyBatch: 4,
    name: "sim/pamu, the vendor's kernel on 32 bits",
    machine: () => pamu({ ...REPORTS, soc: "p4080", mode: "sdk-compat" }),
    backend: pamuBackend,
  },
];

test(
  "I42: portable programs have the same answers and reach the same bytes everywhere",
  () => {
    const started = performance.now();
    const report = comparePrograms({
      machines: MACHINES,
      programs: PROGRAMS,
      seed: inject("seed"),
    });
    const seconds = (performance.now() - started) / 1000;
    process.stdout.write(
      `portability: ${report.programs} programs, ${report.operations} operations, ${MACHINES.length} machines, seed ${inject("seed")}, ${seconds.toFixed(1)} s\n`,
    );
    expect(report.failure ?? "").toBe("");
    expect(report.programs).toBeGreaterThanOrEqual(PROGRAMS);
    // Programs that only ever meet refusals, or never one, would show nothing.
    for (const answer of ["mapped", "unmapped", "already-mapped", "not-mapped", "splits-mapping"])
      expect(report.answers.get(answer) ?? 0, answer).toBeGreaterThan(PROGRAMS / 100);
    for (const answer of ["memory-in-use", "written", "blocked", "copied", "opened"])
      expect(report.answers.get(answer) ?? 0, answer).toBeGreaterThan(PROGRAMS / 200);
  },
  LIMIT_MS,
);
