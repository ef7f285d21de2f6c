// What a program's runner tells the command, in a guest or in a child process alike.
//
// One message is one line of JSON behind a mark, on standard output. Anything else there is the
// program's own output. Must never trust a line: it comes from the other side of a process.

import type { ErrorReport } from "../errors.ts";

export type Fact = Readonly<Record<string, unknown>>;

/** `prepare`: making the machine ready; `program`: the user's code; `restore`: putting it back. */
export type Phase = "prepare" | "program" | "restore";

export type RunnerMessage =
  | { readonly type: "stage"; readonly name: string }
  | { readonly type: "fact"; readonly fact: Fact }
  | { readonly type: "failed"; readonly phase: Phase; readonly error: ErrorReport }
  | { readonly type: "done" };

/** What the runner is told when it starts; it comes in an environment variable. */
export interface RunnerSettings {
  readonly target: string;
  /** Unguessable, so that a program's own output cannot be taken for a message. */
  readonly nonce: string;
  readonly seed?: number;
  /** `test-devices`: bind the machine's test devices to VFIO; only in a guest that is thrown away. */
  readonly bind: "test-devices" | "nothing";
  /** Descriptor 3 ends when the command does. */
  readonly lifeline: boolean;
}

export const SETTINGS_VARIABLE = "IOMMUKIT_RUNNER";

const MARK = "\u0002";

export function encodeMessage(nonce: string, message: RunnerMessage): string {
  return `${MARK}${nonce} ${JSON.stringify(message)}\n`;
}

export interface DecodedLine {
  /** What stood before the message, or the whole line when it holds none. */
  readonly text: string;
  readonly message?: RunnerMessage;
}

/** A program may leave an unfinished line before a message, so the mark is looked for anywhere. */
export function decodeLine(nonce: string, line: string): DecodedLine {
  const mark = `${MARK}${nonce} `;
  const start = line.lastIndexOf(mark);
  const message = start < 0 ? undefined : parse(line.slice(start + mark.length));
  return message === undefined ? { text: line } : { text: line.slice(0, start), message };
}

function parse(text: string): RunnerMessage | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isMessage(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isMessage(value: unknown): value is RunnerMessage {
  if (!isRecord(value)) return false;
  const { type, name, fact, phase, error } = value;
  if (type === "done") return true;
  if (type === "stage") return typeof name === "string";
  if (type === "fact") return isRecord(fact);
  return type === "failed" && typeof phase === "string" && isErrorReport(error);
}

function isErrorReport(value: unknown): value is ErrorReport {
  return (
    isRecord(value) && typeof value["code"] === "string" && typeof value["message"] === "string"
  );
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
