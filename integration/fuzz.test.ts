// The parsers of kernel answers and sysfs text under 100,000 hostile inputs.
//
// `IOMMUKIT_EXECUTIONS=2000000 npx vitest run integration/fuzz.test.ts` runs more.

import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { fuzz, fuzzTargets } from "@iommukit/testkit/fuzz";
import { type1 } from "@iommukit/type1-x86";
import { expect, inject, test } from "vitest";

const EXECUTIONS = Number(process.env["IOMMUKIT_EXECUTIONS"] ?? 100_000);
/** Live memory, garbage taken out: what a parser keeps of hostile input would add up here. */
const MOST_BYTES = 256 * 1024 * 1024;

function collectGarbage(): void {
  setFlagsFromString("--expose-gc");
  const collect: unknown = runInNewContext("gc");
  if (typeof collect !== "function") throw new Error("this Node has no garbage collector to call");
  collect();
}

test(
  "fuzz: typed errors only, nothing slow, memory bounded",
  () => {
    const started = performance.now();
    let peak = 0;
    let asked = 0;
    const now = (): number => {
      // Collecting takes tens of milliseconds, and memory grows slowly.
      if (asked++ % 100_000 === 0) {
        collectGarbage();
        peak = Math.max(peak, process.memoryUsage().heapUsed);
      }
      return performance.now();
    };
    const targets = fuzzTargets(type1);
    const report = fuzz({ targets, executions: EXECUTIONS, seed: inject("seed"), now });
    const seconds = (performance.now() - started) / 1000;
    process.stdout.write(
      `fuzz: ${report.executions} executions on ${targets.length} parsers, slowest ${report.slowestMs.toFixed(2)} ms, heap ${(peak / 2 ** 20).toFixed(0)} MiB, ${seconds.toFixed(1)} s\n`,
    );
    expect(report.failure ?? "").toBe("");
    expect(report.executions).toBeGreaterThanOrEqual(EXECUTIONS);
    expect(peak).toBeLessThan(MOST_BYTES);
  },
  60_000 + EXECUTIONS,
);
