import { expect, test } from "vitest";
import { WRONG_SIMULATORS, wrongSimulator } from "../../test/wrong-simulators.ts";
import { differ } from "./differ.ts";
import type { Job } from "./job.ts";
import { type OtherSide, simulatedSide } from "./other-side.ts";
import { OWN_ENVIRONMENTS, type SimulatedKind, simulatorOf } from "./simulate.ts";

const KINDS: readonly SimulatedKind[] = ["vtd", "amdvi", "virtio-iommu"];

function generated(count: number, seed = 1): Job {
  return { kind: "generated", seed, first: 0, count };
}

function correctSide(kind: SimulatedKind): OtherSide {
  return simulatedSide(simulatorOf(kind), OWN_ENVIRONMENTS[kind]);
}

test.each(KINDS)("default: sim/%s does not differ from itself", async (kind) => {
  const simulator = simulatorOf(kind);
  const result = await differ({ job: generated(40), otherSide: correctSide(kind), simulator });
  expect(result).toMatchObject({ sequences: 40, divergences: [], rules: {} });
  expect(result.environment).toEqual(OWN_ENVIRONMENTS[kind]);
  expect(result.operations).toBeGreaterThan(40 * 30);
});

test.each(WRONG_SIMULATORS)("rule: a simulator is found out in which $name", async (wrong) => {
  const simulator = wrongSimulator(simulatorOf("vtd"), wrong);
  const world = { otherSide: correctSide("vtd"), simulator, mostShrunk: 1 };
  const { divergences } = await differ({ ...world, job: generated(200) });
  const [found] = divergences;
  if (found === undefined) throw new Error("it was not found out");
  expect(found.shrunk.length).toBeLessThanOrEqual(10);
  // What was made short differs still, when it is all that is run.
  const again = await differ({ ...world, job: { kind: "given", sequences: [found.shrunk] } });
  expect(again.divergences).toMatchObject([{ times: 1, difference: found.difference }]);
});

test("behavior: a kernel that complains is a divergence, whatever the results were", async () => {
  const side = correctSide("vtd");
  const { divergences } = await differ({
    job: generated(2),
    otherSide: async (...job) => ({ ...(await side(...job)), troubles: ["WARNING: CPU: 0"] }),
    simulator: simulatorOf("vtd"),
  });
  expect(divergences).toMatchObject([{ shrunk: [], difference: { real: "WARNING: CPU: 0" } }]);
});

test("behavior: a machine that the simulator cannot be built to is a divergence", async () => {
  const { divergences } = await differ({
    job: generated(1),
    otherSide: correctSide("amdvi"),
    simulator: simulatorOf("vtd"),
  });
  expect(divergences[0]?.difference.real).toBe(JSON.stringify(OWN_ENVIRONMENTS.amdvi));
});

test("error: the other side ends before its job", async () => {
  const otherSide: OtherSide = () => Promise.resolve({ troubles: [], failure: "it died" });
  await expect(
    differ({ job: generated(1), otherSide, simulator: simulatorOf("vtd") }),
  ).rejects.toMatchObject({ code: "guest-died", message: expect.stringContaining("it died") });
});

test("behavior: progress tells every stage", async () => {
  const stages = new Set<string>();
  const simulator = wrongSimulator(simulatorOf("vtd"), {
    name: "",
    wrap: () => ({ eventFd: () => -24 }),
  });
  await differ({
    job: generated(20),
    otherSide: correctSide("vtd"),
    simulator,
    mostShrunk: 1,
    onProgress: ({ stage }) => stages.add(stage),
  });
  expect([...stages]).toEqual(["waiting", "comparing", "shrinking"]);
});
