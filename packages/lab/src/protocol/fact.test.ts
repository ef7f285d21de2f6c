import { describe, expect, test } from "vitest";
import { toFact } from "./fact.ts";

test("default: plain data is unchanged", () => {
  expect(toFact({ a: 1, b: "x", c: [true, null], d: { e: 2 } })).toEqual({
    a: 1,
    b: "x",
    c: [true, null],
    d: { e: 2 },
  });
});

test.each([
  [0x1000n, "0x1000"],
  [0n, "0x0"],
  [-16n, "-0x10"],
  [Number.NaN, "NaN"],
  [Number.POSITIVE_INFINITY, "Infinity"],
  [new Uint8Array([1, 255]), "01ff"],
  [Buffer.from([0, 16]), "0010"],
  [new Date(0), "1970-01-01T00:00:00.000Z"],
])("behavior: %s is written as %s", (value, written) => {
  expect(toFact({ value, deep: [value] })).toEqual({ value: written, deep: [written] });
});

test("behavior: undefined members are left out, as in JSON", () => {
  expect(toFact({ a: undefined, b: 1 })).toEqual({ b: 1 });
});

describe("error: what is no fact", () => {
  const circle: Record<string, unknown> = {};
  circle["self"] = circle;
  test.each([
    "text",
    1,
    null,
    undefined,
    [1],
    () => 1,
    new Uint8Array(1),
    circle,
    { toJSON: () => "text" },
    { toJSON: () => undefined },
    {
      toJSON: () => {
        throw new Error("no");
      },
    },
  ])("%s", (value) => {
    expect(() => toFact(value)).toThrow(expect.objectContaining({ code: "invalid-argument" }));
  });
});
