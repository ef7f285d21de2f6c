import { expect, test } from "vitest";
import { findCause, IommuError, isIommuError } from "./base.ts";

function failed(code: "closed" | "no-backend", cause?: unknown): IommuError {
  return new IommuError({ code, operation: "test", sentence: "it failed", cause });
}

test("the message shows the sentence, the facts that are known, and the hint", () => {
  const error = new IommuError({
    code: "closed",
    operation: "test",
    sentence: "it failed",
    facts: { at: 0x1000n, count: 2, names: ["a", "b"], unknown: undefined },
    hint: "try again",
  });
  expect(error.message).toBe("it failed\n  at: 0x1000, count: 2, names: a, b\n  hint: try again");
  expect(isIommuError(error, "closed")).toBe(true);
  expect(isIommuError(error, "no-backend")).toBe(false);
  expect(isIommuError(new Error("it failed"))).toBe(false);
});

test("a cause is found by its code, however deep, and the nearest one first", () => {
  const deep = failed("closed");
  const near = failed("closed", new Error("between", { cause: deep }));
  const top = failed("no-backend", near);
  expect(findCause(top, "no-backend")).toBe(top);
  expect(findCause(top, "closed")).toBe(near);
  expect(findCause(top, "zero-size")).toBeUndefined();
  expect(findCause("no error", "closed")).toBeUndefined();
});

test("a circle of causes ends", () => {
  const [one, two] = [new Error("one"), new Error("two")];
  one.cause = two;
  two.cause = one;
  expect(findCause(one, "closed")).toBeUndefined();
});
