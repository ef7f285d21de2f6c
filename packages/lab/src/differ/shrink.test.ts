import { expect, test } from "vitest";
import type { Op } from "./op.ts";
import type { OtherSide } from "./other-side.ts";
import { Random } from "./random.ts";
import { candidates, shrink } from "./shrink.ts";
import { OWN_ENVIRONMENTS, simulatorOf } from "./simulate.ts";

const SEQUENCE: readonly Op[] = Array.from({ length: 8 }, (_, index) => ({
  op: "close",
  fd: `c${index}`,
}));

test("default: candidates keep the last call and leave out every other", () => {
  const made = candidates({ sequence: SEQUENCE, spare: new Set() }, new Random(1, 1));
  for (const candidate of made) expect(candidate.at(-1)).toBe(SEQUENCE.at(-1));
  for (const op of SEQUENCE.slice(0, -1))
    expect(made.some((each) => each.length === 7 && !each.includes(op))).toBe(true);
  expect(made).toContainEqual(SEQUENCE.slice(-1));
});

test("behavior: what was spare alone is left out together", () => {
  const [first, second] = SEQUENCE;
  if (first === undefined || second === undefined) throw new Error("no sequence");
  const made = candidates(
    { sequence: SEQUENCE, spare: new Set([first, second]) },
    new Random(1, 1),
  );
  expect(made[0]).toEqual(SEQUENCE.slice(2));
});

test("behavior: only what is needed is left, in a few runs of the other side", async () => {
  // This kernel fails a close after c1 and c5 were closed.
  const jobs: number[] = [];
  const otherSide: OtherSide = (job, onFact) => {
    if (job.kind !== "given") throw new Error("not a job of shrinking");
    jobs.push(job.sequences.length);
    for (const [at, sequence] of job.sequences.entries()) {
      const isBad = ["c1", "c5", "c7"].every((fd) =>
        sequence.some((op) => op.op === "close" && op.fd === fd),
      );
      const results = sequence.map(() => "-9");
      if (isBad) results[sequence.length - 1] = "-5";
      onFact({ at, results: [...results, "0/1 0/1 locked 0"] });
    }
    return Promise.resolve({ troubles: [], failure: undefined });
  };
  const op = SEQUENCE.at(-1);
  const difference = { at: 7, op, simulated: "-9", real: "-5" };
  const [short] = await shrink([{ sequence: SEQUENCE, difference }], {
    otherSide,
    simulator: simulatorOf("vtd"),
    environment: OWN_ENVIRONMENTS.vtd,
  });
  expect(short?.sequence.map((each) => "fd" in each && each.fd)).toEqual(["c1", "c5", "c7"]);
  expect(jobs.length).toBeLessThanOrEqual(4);
});
