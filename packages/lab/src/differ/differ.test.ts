import { expect, test } from "vitest";
import { GUEST_LPAR } from "../../test/environments.ts";
import {
  WRONG_POWER_SIMULATORS,
  WRONG_SIMULATORS,
  wrongSimulator,
} from "../../test/wrong-simulators.ts";
import { differ } from "./differ.ts";
import type { Job } from "./job.ts";
import type { Sequence } from "./op.ts";
import { type OtherSide, simulatedSide } from "./other-side.ts";
import { OWN_ENVIRONMENTS, type SimulatedKind, simulatorOf } from "./simulate.ts";

const KINDS: readonly SimulatedKind[] = [
  ...(["vtd", "amdvi", "virtio-iommu"] as const),
  ...(["powernv9", "powernv9-64k", "pseries"] as const),
];

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

test("default: sim/pseries is built to another default window", async () => {
  const simulator = simulatorOf("pseries");
  const otherSide = simulatedSide(simulator, GUEST_LPAR);
  const result = await differ({ job: generated(40), otherSide, simulator });
  expect(result).toMatchObject({ divergences: [], environment: GUEST_LPAR });
});

test("rule: a default window that the simulator does not have is a divergence", async () => {
  const simulator = simulatorOf("pseries");
  const { divergences } = await differ({
    job: generated(1),
    otherSide: simulatedSide(simulator, GUEST_LPAR),
    simulator: () => simulator(OWN_ENVIRONMENTS.pseries),
  });
  expect(divergences[0]?.difference.real).toBe(JSON.stringify(GUEST_LPAR));
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

test.each(WRONG_POWER_SIMULATORS)("rule: so is one on POWER in which $name", async (wrong) => {
  const simulator = wrongSimulator(simulatorOf("pseries"), wrong);
  const world = { otherSide: correctSide("pseries"), simulator, mostShrunk: 0 };
  const { divergences } = await differ({ ...world, job: generated(100) });
  expect(divergences).not.toEqual([]);
});

test("rule: a complaint that a sequence asked for is no divergence, and is counted", async () => {
  const side = correctSide("powernv9");
  const line =
    "WARNING: CPU: 0 PID: 1 at arch/powerpc/mm/book3s64/mmu_context.c:276 destroy_context";
  const run = (sequence: Sequence) =>
    differ({
      job: { kind: "given", sequences: [sequence] },
      otherSide: async (...job) => ({ ...(await side(...job)), troubles: [line] }),
      simulator: simulatorOf("powernv9"),
    });
  const memory = { fd: "c0", argsz: 24, flags: 0, vaddr: "arena+0x0", size: "0x1000" } as const;
  const left: Sequence = [
    { op: "open", into: "c0", node: "container" },
    { op: "open", into: "g0", node: "group0" },
    { op: "attach", fd: "g0", container: "c0" },
    { op: "word", fd: "c0", call: "SET_IOMMU", value: 7 },
    { ...memory, op: "register" },
    { ...memory, op: "map", argsz: 32, flags: 3, iova: "0x0" },
    { ...memory, op: "unregister" },
  ];
  expect(await run(left)).toMatchObject({ divergences: [], rules: { "left-region": 1 } });
  expect(await run(left.slice(0, 5))).toMatchObject({
    divergences: [{ difference: { real: line } }],
    rules: {},
  });
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
