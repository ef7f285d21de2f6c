import { expect, test } from "vitest";
import { UndoStack, undone } from "./undo.ts";

test("behavior: last first, all of them, though one fails", () => {
  const order: number[] = [];
  const undo = new UndoStack();
  for (const step of [1, 2, 3])
    undo.push(() => {
      order.push(step);
      if (step === 2) throw new Error("two");
    });
  const failures = undo.unwind();
  expect(order).toEqual([3, 2, 1]);
  expect(failures.map(String)).toEqual(["Error: two"]);
  expect(undo.unwind()).toEqual([]);
});

test("behavior: after commit nothing is undone", () => {
  const undo = new UndoStack();
  let undoneSteps = 0;
  undo.push(() => undoneSteps++);
  undo.commit();
  undo.unwind();
  expect(undoneSteps).toBe(0);
});

test("error: a failed undo keeps the first error as its cause", () => {
  const first = new Error("first");
  expect(undone(first, [])).toBe(first);
  expect(undone(first, [new Error("second")])).toMatchObject({
    code: "kernel-misbehaved",
    cause: first,
    facts: { failures: ["Error: second"] },
  });
});
