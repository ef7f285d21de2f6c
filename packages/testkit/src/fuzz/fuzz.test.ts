// The fuzzer itself: it notices an untyped error, a slow parser, and passes what is sound.

import fc from "fast-check";
import { expect, test } from "vitest";
import { fuzz } from "./fuzz.ts";
import type { FuzzTarget } from "./targets.ts";

function report(run: (value: number) => void, now: () => number = () => 0) {
  const target: FuzzTarget = {
    name: "t",
    executions: fc
      .nat(100)
      .map((value) => ({ run: () => run(value), toString: () => `t ${value}` })),
  };
  return fuzz({ targets: [target], executions: 200, seed: 1, now });
}

test("default: a sound parser", () => {
  expect(report(() => undefined)).toEqual({ executions: 200, slowestMs: 0, failure: undefined });
});

test("error: an exception that is not the library's, shrunk", () => {
  const { failure } = report((value) => {
    if (value > 10) throw new RangeError("out of bounds");
  });
  expect(failure).toMatch(/I35 broken.*out of bounds/);
  expect(failure).toContain("t 11");
});

test("error: one input that is slow each time", () => {
  let clock = 0;
  const { failure } = report(
    (value) => {
      clock += value > 50 ? 11 : 0;
    },
    () => clock,
  );
  expect(failure).toMatch(/I38 broken: t 51 took 11.0 ms/);
});

test("behavior: an input that was slow once is run again and passes", () => {
  let clock = 0;
  let hiccups = 1;
  const { failure } = report(
    () => {
      clock += hiccups > 0 ? 50 : 0;
      hiccups--;
    },
    () => clock,
  );
  expect(failure).toBeUndefined();
});
