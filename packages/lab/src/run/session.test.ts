import { describe, expect, test } from "vitest";
import type { StackMap } from "../bundle/stack.ts";
import { encodeMessage, type RunnerMessage } from "../protocol/message.ts";
import { createSession, type Ending, type RunEvent, type Session } from "./session.ts";

const stacks: StackMap = {
  text: (text) => text.replaceAll("bundle.mjs:9", "program.ts:1"),
  origin: (stack) => (stack.includes("bundle.mjs:9") ? "program.ts:1" : undefined),
};

function session(): {
  session: Session;
  events: RunEvent[];
  say: (message: RunnerMessage) => void;
} {
  const events: RunEvent[] = [];
  const created = createSession({ nonce: "n", stacks, onEvent: (event) => events.push(event) });
  const say = (message: RunnerMessage): void =>
    created.stdout(encodeMessage("n", message).trimEnd());
  return { session: created, events, say };
}

const EXITED: Ending = { how: "exited", status: 0 };

test("default: stages, facts, output and the end", () => {
  const { session: run, events, say } = session();
  say({ type: "stage", name: "running" });
  say({ type: "fact", fact: { a: 1 } });
  run.stdout("raw words");
  run.stderr("at bundle.mjs:9");
  say({ type: "done" });
  expect(events).toEqual([
    { kind: "stage", name: "running" },
    { kind: "fact", fact: { a: 1 } },
    { kind: "output", line: "raw words" },
    { kind: "output", line: "at program.ts:1" },
  ]);
  expect(run.outcome(EXITED)).toEqual({ ok: true });
});

test("behavior: words before a message are output, an empty line too", () => {
  const { session: run, events } = session();
  run.stdout(`half${encodeMessage("n", { type: "done" }).trimEnd()}`);
  run.stdout("");
  expect(events).toEqual([
    { kind: "output", line: "half" },
    { kind: "output", line: "" },
  ]);
});

test("behavior: an error has its place in the author's file", () => {
  const { session: run, say } = session();
  const error = { code: "misaligned", message: "m", hint: "h", stack: "at bundle.mjs:9" };
  say({ type: "failed", phase: "program", error });
  expect(run.outcome({ how: "exited", status: 1 })).toEqual({
    ok: false,
    error: {
      code: "misaligned",
      message: "m",
      hint: "h",
      at: "program.ts:1",
      stack: "at program.ts:1",
    },
  });
});

test("behavior: the first verdict stands, whatever follows and however the process ends", () => {
  const { session: run, say } = session();
  say({ type: "failed", phase: "program", error: { code: "first", message: "m" } });
  say({ type: "done" });
  say({ type: "failed", phase: "restore", error: { code: "second", message: "m" } });
  expect(run.outcome({ how: "signalled", signal: "SIGKILL" })).toMatchObject({
    error: { code: "first" },
  });
});

describe("error: the process ended without a verdict", () => {
  test.each<[Ending, string, string]>([
    [EXITED, "program-exited", "status 0"],
    [{ how: "exited", status: 13 }, "program-exited", "status 13"],
    [{ how: "signalled", signal: "SIGSEGV" }, "program-exited", "SIGSEGV"],
    [{ how: "timed-out", seconds: 2.5, evidence: [] }, "timeout", "no result after 2.5 s"],
    [
      { how: "timed-out", seconds: 2, evidence: ["a", "b"] },
      "timeout",
      "what was said last:\n    a\n    b",
    ],
    [{ how: "died", evidence: ["panic"] }, "guest-died", "panic"],
  ])("%j is %s", (ending, code, text) => {
    const { session: run, say } = session();
    say({ type: "fact", fact: {} });
    expect(run.outcome(ending)).toMatchObject({
      ok: false,
      error: { code, message: expect.stringContaining(text) },
    });
  });
});

test("behavior: only the last lines are kept", () => {
  const { session: run } = session();
  for (let i = 0; i < 30; i++) run.stderr(`line ${i}`);
  expect(run.lastLines()).toHaveLength(10);
  expect(run.lastLines().at(-1)).toBe("line 29");
});
