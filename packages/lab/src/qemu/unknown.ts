/**
 * Looks into values whose type nobody vouches for: parsed JSON, caught errors.
 */

/** The members of an object; none for anything else. */
export function fieldsOf(value: unknown): ReadonlyMap<string, unknown> {
  if (typeof value !== "object" || value === null) return new Map();
  return new Map<string, unknown>(Object.entries(value));
}

/** The system's name for what went wrong, such as "ENOENT". */
export function errnoOf(cause: unknown): string | undefined {
  if (!(cause instanceof Error && "code" in cause)) return undefined;
  return typeof cause.code === "string" ? cause.code : undefined;
}
