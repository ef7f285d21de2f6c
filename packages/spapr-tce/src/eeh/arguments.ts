// What callers of EEH may say: a reset that is misspelt must not become the strongest one.

import { IommuError } from "@iommukit/core";

/** Valid errors: `invalid-argument`. */
export function requireOneOf(operation: string, value: unknown, known: readonly string[]): void {
  if (typeof value === "string" && known.includes(value)) return;
  throw wrong(operation, `${String(value)} is none of ${known.join(", ")}`);
}

/** Valid errors: `invalid-argument`. */
export function requireMilliseconds(operation: string, value: unknown, least: number): void {
  if (typeof value === "number" && value >= least && value <= MOST_MS) return;
  throw wrong(operation, `${String(value)} is no time of ${least} ms to a day`);
}

const MOST_MS = 86_400_000;

/** Valid errors: `invalid-argument`. */
export function requireOptions(operation: string, value: unknown): void {
  if (typeof value === "object" && value !== null) return;
  throw wrong(operation, "its options are no object");
}

function wrong(operation: string, why: string): IommuError {
  return new IommuError({
    code: "invalid-argument",
    operation,
    sentence: `${operation} refused: ${why}`,
  });
}
