import { describe, expect, test } from "vitest";
import { recordingTerminal } from "../../test/recording-terminal.ts";
import type { DifferResult, Divergence } from "./differ.ts";
import { progressText } from "./progress-bar.ts";
import { type Asked, jsonReport, textReport, transcriptText } from "./report.ts";
import { LOG_RULES, RULES } from "./rules.ts";
import { OWN_ENVIRONMENTS } from "./simulate.ts";

const ASKED: Asked = { target: "qemu/vtd", seed: 7, first: 100 };
const CLOSE = { op: "close", fd: "c0" } as const;
const DIVERGENCE: Divergence = {
  sequence: 5,
  times: 2,
  shrunk: [{ op: "open", into: "c0", node: "container" }, CLOSE],
  difference: { at: 1, op: CLOSE, simulated: "0", real: "-5" },
};
const RESULT: DifferResult = {
  sequences: 10,
  operations: 400,
  divergences: [],
  rules: {},
  seconds: 1.5,
  environment: OWN_ENVIRONMENTS.vtd,
  transcripts: [],
  spent: {},
};

test("default: one object for programs, with every rule counted", () => {
  const report = jsonReport(ASKED, { ...RESULT, divergences: [DIVERGENCE] });
  expect(report).toMatchObject({
    target: "qemu/vtd",
    sequences: 10,
    operations: 400,
    seconds: 1.5,
  });
  expect(Object.keys(report.rules)).toEqual([...RULES, ...LOG_RULES].map(({ name }) => name));
  expect(report.divergences).toEqual([
    {
      op: CLOSE,
      simulated: "0",
      real: "-5",
      times: 2,
      shrunk: DIVERGENCE.shrunk,
      repeat: "iommukit differ --on qemu/vtd --seed 7 --first 105 --sequences 1",
    },
  ]);
});

test("default: words for people", () => {
  expect(textReport(ASKED, RESULT, recordingTerminal())).toBe(
    "qemu/vtd: 10 sequences, 400 operations, no divergence, 1.5 s, seed 7\n",
  );
});

test("behavior: a divergence shows both sides, the shortest sequence and how to repeat it", () => {
  const terminal = recordingTerminal();
  const result = { ...RESULT, divergences: [DIVERGENCE], rules: { "a-rule": 3 } };
  const text = textReport(ASKED, result, terminal);
  expect(text).toContain("2 times, in the shortest form:");
  expect(text).toContain("  0  open into c0 node container\n  1  close c0\n");
  expect(text).toContain("  simulated  0\n  real       -5\n");
  expect(text).toContain(JSON.stringify(DIVERGENCE.shrunk));
  expect(text).toContain("allowed by rules\n  a-rule  3 times\n");
  expect(text).toContain("1 divergence,");
});

test("behavior: what a sequence left, and what a file did, are repeated as they can be", () => {
  const difference = { at: 1, op: undefined, simulated: "locked 0", real: "locked 4" };
  const result = { ...RESULT, divergences: [{ ...DIVERGENCE, sequence: undefined, difference }] };
  expect(jsonReport({ ...ASKED, seed: undefined }, result).divergences[0]).toMatchObject({
    op: null,
    repeat: "iommukit differ --on qemu/vtd",
  });
  expect(textReport(ASKED, result, recordingTerminal())).toContain("  afterwards\n");
});

test("behavior: a transcript has every call, and both answers where they differ", () => {
  const text = transcriptText({
    sequence: [CLOSE],
    simulated: ["0", "0/1 0/1 locked 0"],
    real: ["-5", "0/1 0/1 locked 0"],
  });
  expect(text).toBe("  0  close c0    0  |  real: -5\n  1  afterwards  0/1 0/1 locked 0\n");
});

describe("progress", () => {
  test.each([
    [{ stage: "waiting", sequences: 0, differing: 0 }, "0 of 10  starting"],
    [{ stage: "comparing", sequences: 5, differing: 0 }, "5 of 10  comparing"],
    [{ stage: "shrinking", sequences: 10, differing: 1 }, "10 of 10, 1 differ  shrinking"],
  ] as const)("%j", (progress, text) => {
    expect(progressText(progress, "qemu/vtd", 10)).toContain(text);
  });
});

test.each([...RULES, ...LOG_RULES])("rule: $name says why, in a sentence", ({ reason }) => {
  expect(reason).toMatch(/^[A-Z].{40,}\.$/s);
});
