import { expect, test } from "vitest";
import { differ } from "./differ.ts";
import type { Job, JobFact } from "./job.ts";
import { type OtherSide, simulatedSide } from "./other-side.ts";
import { inShares, worthwhileGuests } from "./shares.ts";
import { OWN_ENVIRONMENTS, simulatorOf } from "./simulate.ts";

const SIDE = simulatedSide(simulatorOf("vtd"), OWN_ENVIRONMENTS.vtd);

function generated(count: number, first = 0): Job {
  return { kind: "generated", seed: 3, first, count };
}

async function factsOf(side: OtherSide, job: Job): Promise<readonly JobFact[]> {
  const facts: JobFact[] = [];
  await side(job, (fact) => facts.push(fact));
  return facts.filter((fact) => "at" in fact);
}

test.each([1, 2, 3, 7])("default: %i guests give the results of one", async (guests) => {
  const whole = await factsOf(SIDE, generated(7, 5));
  expect(await factsOf(inShares(SIDE, guests), generated(7, 5))).toEqual(whole);
});

test("behavior: the differential run meets every sequence once, its milliseconds added up", async () => {
  const side: OtherSide = async (job, onFact) => {
    const end = await SIDE(job, onFact);
    onFact({ spent: { run: 2 } });
    return end;
  };
  const simulator = simulatorOf("vtd");
  const result = await differ({ job: generated(10), otherSide: inShares(side, 3), simulator });
  expect(result).toMatchObject({ sequences: 10, divergences: [], spent: { run: 6 } });
});

test("behavior: a job that names its sequences is not divided", async () => {
  const jobs: Job[] = [];
  const side: OtherSide = (job, onFact) => {
    jobs.push(job);
    return SIDE(job, onFact);
  };
  await inShares(side, 4)({ kind: "given", sequences: [[], []] }, () => undefined);
  expect(jobs).toEqual([{ kind: "given", sequences: [[], []] }]);
});

test("error: one guest that fails is the run's failure, and every kernel's log is read", async () => {
  const side: OtherSide = async (job, onFact) => {
    const { first } = job as { first: number };
    await SIDE(job, onFact);
    return { troubles: [`log of ${first}`], failure: first === 4 ? "it died" : undefined };
  };
  const end = await inShares(side, 2)(generated(8), () => undefined);
  expect(end).toEqual({ troubles: ["log of 0", "log of 4"], failure: "it died" });
});

test("error: guests that are not alike are no comparison", async () => {
  const side: OtherSide = (job, onFact) => {
    const { first } = job as { first: number };
    onFact({ environment: first === 0 ? OWN_ENVIRONMENTS.vtd : OWN_ENVIRONMENTS.amdvi });
    return Promise.resolve({ troubles: [], failure: undefined });
  };
  const end = await inShares(side, 2)(generated(8), () => undefined);
  expect(end.failure).toBe("the guests do not describe the same machine");
});

test("error: a guest that cannot be started ends the run after the others", async () => {
  const ended: number[] = [];
  const side: OtherSide = async (job) => {
    const { first } = job as { first: number };
    if (first === 0) throw new Error("no QEMU");
    await Promise.resolve();
    ended.push(first);
    return { troubles: [], failure: undefined };
  };
  await expect(inShares(side, 2)(generated(8), () => undefined)).rejects.toThrow("no QEMU");
  expect(ended).toEqual([4]);
});

test("rule: a second guest is worth its boot from 500 sequences on", () => {
  expect([1, 300, 499, 500, 1000, 2000].map((count) => worthwhileGuests(count, 2))).toEqual([
    1, 1, 1, 2, 2, 2,
  ]);
  expect(worthwhileGuests(100_000, 1)).toBe(1);
});
