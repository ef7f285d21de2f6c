// CI's comparison of facts catches every way in which two targets can disagree.

import { describe, expect, test } from "vitest";
import { compareFacts } from "../../.ci/compare-facts.mjs";

const TARGETS = ["sim/vtd", "qemu/vtd"];

function run(target, facts, done = {}) {
  return [
    ...facts.map((fact) => ({ target, fact })),
    { target, done: true, ok: true, seconds: 9, ...done },
  ];
}

function failures(records, options) {
  const text = records.map((record) => JSON.stringify(record)).join("\n");
  return compareFacts(text, TARGETS, options)
    .filter(({ ok }) => !ok)
    .map(({ what }) => what);
}

const GOOD = run("sim/vtd", [{ a: 1, b: [2] }]);

test("the same facts, in whatever order of keys and targets", () => {
  expect(failures([...run("qemu/vtd", [{ b: [2], a: 1 }]), ...GOOD])).toEqual([]);
});

describe("a seeded disagreement is caught", () => {
  test("another value, an extra fact, a missing fact", () => {
    expect(failures([...GOOD, ...run("qemu/vtd", [{ a: 2, b: [2] }])])).toHaveLength(1);
    expect(failures([...GOOD, ...run("qemu/vtd", [{ a: 1, b: [2] }, {}])])).toHaveLength(1);
    expect(failures([...GOOD, ...run("qemu/vtd", [])])).toHaveLength(2);
  });

  test("not ok, never done, done twice, a target that is missing", () => {
    const facts = [{ a: 1, b: [2] }];
    expect(failures([...GOOD, ...run("qemu/vtd", facts, { ok: false })])).toHaveLength(1);
    expect(failures([...GOOD, { target: "qemu/vtd", fact: facts[0] }])).toHaveLength(2);
    expect(failures([...GOOD, ...run("qemu/vtd", facts), ...run("qemu/vtd", [])])).toHaveLength(1);
    expect(failures(GOOD)).toHaveLength(4);
  });

  test("too slow in QEMU; a simulated target may take its time", () => {
    const facts = [{ a: 1, b: [2] }];
    expect(failures([...GOOD, ...run("qemu/vtd", facts, { seconds: 20 })])).toHaveLength(1);
    const slow = run("sim/vtd", facts, { seconds: 99 });
    expect(failures([...slow, ...run("qemu/vtd", facts)])).toEqual([]);
  });

  test("a POWER machine may take 45 s, and no longer", () => {
    const done = (seconds) =>
      JSON.stringify({ target: "qemu/powernv9", done: true, ok: true, seconds });
    const text = (seconds) =>
      `${JSON.stringify({ target: "qemu/powernv9", fact: {} })}\n${done(seconds)}`;
    const failed = (seconds) =>
      compareFacts(text(seconds), ["qemu/powernv9"]).filter(({ ok }) => !ok);
    expect(failed(44)).toEqual([]);
    expect(failed(45)).toHaveLength(1);
  });

  test("lines that are no JSON or of no target, and no lines at all", () => {
    const text = `[ 1.0] kernel noise\n${JSON.stringify({ target: "x" })}`;
    expect(compareFacts(text, TARGETS)[0]).toMatchObject({ ok: false });
    expect(failures([])).not.toEqual([]);
  });
});

test("a suite may be given more time than an example", () => {
  const slow = [...GOOD, ...run("qemu/vtd", [{ a: 1, b: [2] }], { seconds: 30 })];
  expect(failures(slow)).toHaveLength(1);
  expect(failures(slow, { within: 90 })).toEqual([]);
});

test("facts that describe the machine may differ, the ends may not", () => {
  expect(failures([...GOOD, ...run("qemu/vtd", [{ c: 3 }])], { factsDiffer: true })).toEqual([]);
  expect(failures(GOOD, { factsDiffer: true })).toHaveLength(3);
});
