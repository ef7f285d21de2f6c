// Follows one run of a program from its messages, and makes an outcome of how it ended.

import { match } from "ts-pattern";
import type { StackMap } from "../bundle/stack.ts";
import { type ErrorReport, LabError, reportOf } from "../errors.ts";
import { decodeLine, type Fact, type RunnerMessage } from "../protocol/message.ts";

export type RunEvent =
  | { readonly kind: "stage"; readonly name: string }
  | { readonly kind: "fact"; readonly fact: Fact }
  /** A line that the program printed. */
  | { readonly kind: "output"; readonly line: string };

export type Outcome = { readonly ok: true } | { readonly ok: false; readonly error: ErrorReport };

/** How the process ended, whatever the program said. */
export type Ending =
  | { readonly how: "exited"; readonly status: number }
  | { readonly how: "signalled"; readonly signal: string }
  /** `evidence`: the last lines that tell why. */
  | { readonly how: "timed-out"; readonly seconds: number; readonly evidence: readonly string[] }
  | { readonly how: "died"; readonly evidence: readonly string[] };

export interface SessionOptions {
  readonly nonce: string;
  readonly stacks: StackMap;
  readonly onEvent: (event: RunEvent) => void;
}

export interface Session {
  /** A line of the program's standard output. */
  readonly stdout: (line: string) => void;
  readonly stderr: (line: string) => void;
  /** The last lines that the program printed. */
  readonly lastLines: () => readonly string[];
  readonly outcome: (ending: Ending) => Outcome;
}

const KEPT_LINES = 10;

export function createSession({ nonce, stacks, onEvent }: SessionOptions): Session {
  const last: string[] = [];
  let verdict: Outcome | undefined;
  const print = (text: string): void => {
    const line = stacks.text(text);
    last.push(line);
    if (last.length > KEPT_LINES) last.shift();
    onEvent({ kind: "output", line });
  };
  const receive = (message: RunnerMessage): void =>
    match(message)
      .with({ type: "stage" }, ({ name }) => onEvent({ kind: "stage", name }))
      .with({ type: "fact" }, ({ fact }) => onEvent({ kind: "fact", fact }))
      .with({ type: "failed" }, ({ error }) => {
        verdict ??= { ok: false, error: placed(error, stacks) };
      })
      .with({ type: "done" }, () => {
        verdict ??= { ok: true };
      })
      .exhaustive();
  return {
    stdout: (line) => {
      const { text, message } = decodeLine(nonce, line);
      if (text !== "" || message === undefined) print(text);
      if (message !== undefined) receive(message);
    },
    stderr: print,
    lastLines: () => last,
    outcome: (ending) => verdict ?? { ok: false, error: reportOf(unfinished(ending)) },
  };
}

function placed(error: ErrorReport, stacks: StackMap): ErrorReport {
  const { stack, ...rest } = error;
  if (stack === undefined) return rest;
  const at = stacks.origin(stack);
  return { ...rest, ...(at !== undefined && { at }), stack: stacks.text(stack) };
}

/** The process is gone and the program said neither that it is done nor that it failed. */
function unfinished(ending: Ending): LabError {
  return match(ending)
    .with(
      { how: "exited" },
      ({ status }) =>
        new LabError("program-exited", `the program ended its process with status ${status}`, {
          hint: "return from the default export instead of calling process.exit",
        }),
    )
    .with(
      { how: "signalled" },
      ({ signal }) =>
        new LabError("program-exited", `the program's process was ended by ${signal}`),
    )
    .with(
      { how: "timed-out" },
      ({ seconds, evidence }) =>
        new LabError("timeout", withLines(`no result after ${seconds} s`, evidence), {
          hint: "the program hangs, or needs longer: --timeout SECONDS",
        }),
    )
    .with(
      { how: "died" },
      ({ evidence }) =>
        new LabError("guest-died", withLines("the guest ended before the program did", evidence), {
          hint: "the lines are from the guest kernel's console",
        }),
    )
    .exhaustive();
}

function withLines(sentence: string, lines: readonly string[]): string {
  if (lines.length === 0) return sentence;
  return [`${sentence}; what was said last:`, ...lines].join("\n    ");
}
