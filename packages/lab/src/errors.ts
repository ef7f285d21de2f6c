// What the command itself can refuse, and the one form in which every error is shown.
//
// Errors of the libraries keep their own codes (`IommuError`, `QemuError`); all have a kebab-case
// `code` and maybe a `hint`, and that is what is shown. Must never print a stack unless asked.

export const LAB_ERROR_CODES = {
  "unknown-command": "there is no such command",
  "unknown-option": "the command has no such option",
  "invalid-option": "an option's value is missing or is not what the option takes",
  "invalid-argument": "an argument is missing, or there is one too many",
  "unknown-target": "there is no target of that name",
  "file-unreadable": "the program file does not exist or cannot be read",
  "file-kind": "the program file is not a .ts, .mts or .mjs file",
  "file-invalid": "the program file does not compile, or what it imports is not there",
  "no-default-export": "the program file has no function as its default export",
  "program-threw": "the program threw an error that has no code of its own",
  "program-exited": "the program ended its process before it returned",
  "program-stalled": "the program waits for something that can never happen",
  "target-failed": "the target could not be made ready for the program",
  "guest-died": "the guest ended before the program did",
  "target-not-ready": "the target cannot be used on this machine as it is",
  timeout: "the target gave no result in time",
  interrupted: "the run was stopped from outside",
  unexpected: "a defect of this command",
} as const;

export type LabErrorCode = keyof typeof LAB_ERROR_CODES;

export interface LabErrorOptions {
  readonly hint?: string | undefined;
  readonly cause?: unknown;
}

export class LabError extends Error {
  override readonly name: string = "LabError";
  readonly code: LabErrorCode;
  readonly hint: string | undefined;

  constructor(code: LabErrorCode, message: string, { hint, cause }: LabErrorOptions = {}) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    this.hint = hint;
  }
}

/** Codes of mistakes in the command line: exit status 2. */
const USAGE: ReadonlySet<string> = new Set([
  "unknown-command",
  "unknown-option",
  "invalid-option",
  "invalid-argument",
  "unknown-target",
  "file-unreadable",
  "file-kind",
] satisfies LabErrorCode[]);

export function isUsageError(error: unknown): boolean {
  return error instanceof LabError && USAGE.has(error.code);
}

/** An error as a program gets it with --json. */
export interface ErrorReport {
  readonly code: string;
  /** Without the hint. */
  readonly message: string;
  readonly hint?: string;
  /** Where in the user's program, `file:line:column`. */
  readonly at?: string;
  /** For --verbose only. */
  readonly stack?: string;
}

/** Any thrown value as a report; `fallback` is the code of an error that has none. */
export function reportOf(error: unknown, fallback: LabErrorCode = "unexpected"): ErrorReport {
  if (!(error instanceof Error)) return { code: fallback, message: `thrown: ${inspect(error)}` };
  const code = "code" in error ? error.code : undefined;
  const hint = "hint" in error ? error.hint : undefined;
  const text = error.message === "" ? error.name : error.message;
  return {
    code: isCode(code) ? code : fallback,
    message: isCode(code) ? withoutHint(text, hint) : `${prefix(error)}${text}`,
    ...(typeof hint === "string" && { hint }),
    ...(typeof error.stack === "string" && { stack: error.stack }),
  };
}

/** `ENOENT` and its like, of an error of Node's. */
export function errnoOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("code" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}

/** Node's own codes are in capitals (ENOENT); the libraries' are not. */
function isCode(code: unknown): code is string {
  return typeof code === "string" && /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(code);
}

/** The libraries put the hint into the message too, for those who only print it. */
function withoutHint(message: string, hint: unknown): string {
  const end = typeof hint === "string" ? message.lastIndexOf("\n  hint: ") : -1;
  return end < 0 ? message : message.slice(0, end);
}

function prefix(error: Error): string {
  return error.name === "Error" || error.message === "" ? "" : `${error.name}: `;
}

function inspect(value: unknown): string {
  try {
    return JSON.stringify(value) ?? String(value);
  } catch {
    return String(value);
  }
}
