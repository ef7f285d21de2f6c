import { expect, test } from "vitest";
import { number, text } from "./options.ts";

const WHOLE = { least: 0, most: 10, whole: true };
const PART = { least: 0.1, most: 10, whole: false };

test("default: text and numbers as they were written", () => {
  expect([text({ a: "x" }, "a"), text({ a: true }, "a"), text({}, "a")]).toEqual([
    "x",
    undefined,
    undefined,
  ]);
  expect([number({ n: "7" }, "n", WHOLE), number({}, "n", WHOLE)]).toEqual([7, undefined]);
  expect([number({ n: "0.5" }, "n", PART), number({ n: "10" }, "n", PART)]).toEqual([0.5, 10]);
});

test.each(["", "x", "-1", "11", "1.5", "1e1", "0x5", "Infinity", "NaN", " 1", "5n"])(
  "error: %j is no whole number from 0 to 10",
  (n) => {
    expect(() => number({ n }, "n", WHOLE)).toThrow(
      expect.objectContaining({
        code: "invalid-option",
        hint: expect.stringContaining("from 0 to 10"),
      }),
    );
  },
);

test.each(["0", "0.05", "10.5", "1."])("error: %j is no number from 0.1 to 10", (n) => {
  expect(() => number({ n }, "n", PART)).toThrow(
    expect.objectContaining({ code: "invalid-option" }),
  );
});
