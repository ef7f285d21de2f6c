import { describe, expect, test } from "vitest";
import { recordingTerminal } from "../../test/recording-terminal.ts";
import { openSimulated } from "../sim/machines.ts";
import { SIMULATED, type SimulatedName } from "../sim/names.ts";
import { sideBySide } from "./demo-text.ts";
import { demonstrate } from "./scenario.ts";

/** The backend that each machine gets, and those that say why they are not for it. */
const CHOSEN: Readonly<Record<SimulatedName, readonly [string, ...string[]]>> = {
  "sim/vtd": ["type1v2", "fsl-pamu", "spapr-tce-v2"],
  "sim/amdvi": ["type1v2", "fsl-pamu", "spapr-tce-v2"],
  "sim/powernv": ["spapr-tce-v2", "fsl-pamu"],
  "sim/powernv-64k": ["spapr-tce-v2", "fsl-pamu"],
  "sim/pseries": ["spapr-tce-v2", "fsl-pamu"],
  "sim/pamu": ["fsl-pamu"],
};

describe.each(SIMULATED)("$name", ({ name }) => {
  test("default: the copy arrives, nothing else does, nothing is left open", () => {
    const result = demonstrate(openSimulated(name, undefined));
    const [backend, ...refused] = CHOSEN[name];
    expect(result).toMatchObject({
      target: name,
      ok: true,
      backend,
      bytesCopied: 65_536,
      leftBehind: 0,
    });
    expect(result.refused.map((refusal) => refusal.backend)).toEqual(refused);
    for (const { reasons } of result.refused) expect(reasons.join()).toMatch(/no (sPAPR|fsl,pamu)/);
    expect(result.windows.length).toBeGreaterThan(0);
    expect(result.blocked).toHaveLength(5);
    for (const { bytesChanged, faults } of result.blocked) {
      expect(bytesChanged).toBe(0);
      expect(faults).toBeGreaterThan(0);
    }
    expect(result.calls["VFIO_IOMMU_MAP_DMA"]).toBe(2);
  });

  test("behavior: the same in every run, from JSON and back", () => {
    const twice = [1, 2].map(() => demonstrate(openSimulated(name, 5)));
    expect(twice[0]).toEqual(twice[1]);
    expect(JSON.parse(JSON.stringify(twice[0]))).toEqual(twice[0]);
  });
});

test("error: an unknown simulated host", () => {
  expect(() => openSimulated("sim/none", undefined)).toThrow("sim/none");
});

test("side by side: a line for each family, with what its window is and what got through", () => {
  const results = SIMULATED.map(({ name }) => demonstrate(openSimulated(name, undefined)));
  const lines = sideBySide(results, recordingTerminal()).split("\n");
  expect(lines).toHaveLength(SIMULATED.length + 2);
  const line = (name: string): string | undefined =>
    lines.find((each) => each.includes(`  ${name} `));
  expect(line("sim/vtd")).toMatch(/type1v2 +4 GiB, fixed +4 KiB +64 KiB +0 of 5$/);
  expect(line("sim/powernv")).toMatch(/spapr-tce-v2 +2 GiB, dynamic +4 KiB +64 KiB +0 of 5$/);
  expect(line("sim/pamu")).toMatch(/fsl-pamu +1 MiB, subdivided +4 KiB +64 KiB +0 of 5$/);
});

test("error: what got through is counted", () => {
  const result = demonstrate(openSimulated("sim/pamu", undefined));
  const [first, ...others] = result.blocked;
  const leaky = {
    ...result,
    blocked: [{ ...first, access: "x", faults: 0, bytesChanged: 3 }, ...others],
  };
  expect(sideBySide([leaky], recordingTerminal())).toContain("1 of 5");
});
