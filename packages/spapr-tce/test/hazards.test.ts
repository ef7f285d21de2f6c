// Each hazard twice on each simulated POWER kernel: asked directly, and through the library.

import { powernv, powernv64k, pseries, simulatedHost } from "@iommukit/testkit";
import { describe, expect, test } from "vitest";
import { HAZARDS, type Hazard, lockedBytes, runMasked, runRaw } from "./hazards/index.ts";

const MACHINES = [
  ["sim/powernv", "powernv", () => powernv()],
  ["sim/powernv-64k", "powernv", () => powernv64k()],
  ["sim/pseries", "pseries", () => pseries()],
] as const;

function applies({ platform }: Hazard, to: string): boolean {
  return platform === undefined || platform === to;
}

describe.each(MACHINES)("%s", (_, platform, machine) => {
  describe.each(HAZARDS.filter((hazard) => applies(hazard, platform)))("$name", (hazard) => {
    test("the kernel does so", () => {
      const { port, devices } = simulatedHost(machine());
      runRaw(hazard, port, devices);
      if (hazard.leaves === undefined) expect(lockedBytes(port)).toBe(0);
    });

    test("the library does not", () => {
      const { port, devices, inspect } = simulatedHost(machine());
      const before = inspect.openDescriptors().length;
      runMasked(hazard, port, devices);
      expect(lockedBytes(port)).toBe(0);
      expect([inspect.pinnedPages(), inspect.openDescriptors().length]).toEqual([0, before]);
    });
  });
});

test("behavior: at least eleven hazards on each platform", () => {
  for (const [, platform] of MACHINES)
    expect(HAZARDS.filter((hazard) => applies(hazard, platform)).length).toBeGreaterThanOrEqual(11);
});
