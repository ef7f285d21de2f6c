// Checks of what a caller passes beside addresses, so that a typo is an error and not consent.

import { IommuError } from "./base.ts";

export function badOption(operation: string, expected: string): IommuError {
  return new IommuError({
    code: "invalid-argument",
    operation,
    sentence: `${operation} refused: ${expected}`,
  });
}

/** An options object without unknown members; undefined is an empty one. */
export function checkOptions<T extends object>(
  operation: string,
  given: T | undefined,
  known: readonly (keyof T & string)[],
): Partial<T> {
  if (given === undefined) return {};
  if (given === null || typeof given !== "object" || Array.isArray(given))
    throw badOption(operation, "options are an object");
  const names: readonly string[] = known;
  const stranger = Object.keys(given).find((name) => !names.includes(name));
  if (stranger === undefined) return given;
  throw badOption(operation, `there is no option ${stranger}; it takes ${known.join(", ")}`);
}
