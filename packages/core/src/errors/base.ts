// The one error class: a stable code, a sentence, facts, a hint and the cause.
//
// Built on the throw path only; the success path never pays for a message (STYLE habit 5).

import { formatAddress } from "../address/units.ts";
import type { ErrorCode } from "./codes.ts";

/** A value that an error states; bigints are shown as addresses. */
export type Fact = string | number | bigint | boolean | readonly string[] | undefined;
/** The named values of an error, for programs; the message shows them to people. */
export type Facts = Readonly<Record<string, Fact>>;

/** What an error is made of. */
export interface ErrorDetails {
  readonly code: ErrorCode;
  /** What was being done: an ioctl's name, or the library's method. */
  readonly operation: string;
  /** One sentence for people, without a full stop. */
  readonly sentence: string;
  readonly facts?: Facts;
  /** The usual reason or remedy, when it is known. */
  readonly hint?: string | undefined;
  readonly cause?: unknown;
}

function formatFact(value: Fact): string {
  if (typeof value === "bigint") return formatAddress(value);
  if (Array.isArray(value)) return value.join(", ");
  return String(value);
}

function message(details: ErrorDetails): string {
  const facts = Object.entries(details.facts ?? {}).filter(([, value]) => value !== undefined);
  const lines = [details.sentence];
  if (facts.length > 0)
    lines.push(`  ${facts.map(([name, value]) => `${name}: ${formatFact(value)}`).join(", ")}`);
  if (details.hint !== undefined) lines.push(`  hint: ${details.hint}`);
  return lines.join("\n");
}

/** Every error that this library throws. Switch on `code`; the message is for people. */
export class IommuError extends Error {
  override readonly name: string = "IommuError";
  readonly code: ErrorCode;
  readonly operation: string;
  readonly facts: Facts;
  readonly hint: string | undefined;

  constructor(details: ErrorDetails) {
    super(message(details), details.cause === undefined ? undefined : { cause: details.cause });
    this.code = details.code;
    this.operation = details.operation;
    this.facts = details.facts ?? {};
    this.hint = details.hint;
  }
}

/** Whether `error` is an `IommuError`, and if asked, one with this code. */
export function isIommuError(error: unknown, code?: ErrorCode): error is IommuError {
  return error instanceof IommuError && (code === undefined || error.code === code);
}

/** The first error in a chain of causes that has this code, or undefined. */
export function findCause(error: unknown, code: ErrorCode): IommuError | undefined {
  let current: unknown = error;
  // A chain of causes is built by hand and may be circular; 64 is far beyond any real one.
  for (let depth = 0; depth < 64 && current instanceof Error; depth++) {
    if (isIommuError(current, code)) return current;
    current = current.cause;
  }
  return undefined;
}
