// What callers without types may say wrongly: a misspelt word must not become a default, and no call is made.

import { IommuError } from "@iommukit/core";

/** Valid errors: `invalid-argument`. */
export function requireOneOf(operation: string, value: unknown, known: readonly string[]): void {
  if (typeof value === "string" && known.includes(value)) return;
  throw badArgument(operation, `${told(value)} is none of ${known.join(", ")}`);
}

/** Valid errors: `invalid-argument`. */
export function requireMilliseconds(operation: string, value: unknown, least: number): void {
  if (typeof value === "number" && value >= least && value <= MOST_MS) return;
  throw badArgument(operation, `${told(value)} is no time of ${least} ms to a day`);
}

const MOST_MS = 86_400_000;

/** An object with no members but the known ones. Valid errors: `invalid-argument`. */
export function requireOptions(operation: string, value: unknown, known: readonly string[]): void {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw badArgument(operation, "what it takes is no object");
  const stranger = Object.keys(value).find((name) => !known.includes(name));
  if (stranger === undefined) return;
  throw badArgument(operation, `there is no option ${stranger}; it takes ${known.join(", ")}`);
}

export function badArgument(operation: string, why: string, hint?: string): IommuError {
  return new IommuError({
    code: "invalid-argument",
    operation,
    sentence: `${operation} refused: ${why}`,
    hint,
  });
}

const LIMIT_64 = 1n << 64n;

/** Whether it is a bigint of 64 bits. */
export function isUnsigned64(value: unknown): value is bigint {
  return typeof value === "bigint" && value >= 0n && value < LIMIT_64;
}

/** A value in a sentence: objects by their type, since they may not turn into text. */
export function told(value: unknown): string {
  if (value === null) return "null";
  return typeof value === "object" || typeof value === "function" ? typeof value : String(value);
}
