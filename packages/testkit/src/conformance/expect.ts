// Assertions of the conformance suite, so that it runs under any test runner or none.

import { type ErrorCode, isIommuError } from "@iommukit/core";

/** Throws an error that says what was expected. */
export function expectThat(condition: boolean, expectation: string): asserts condition {
  if (!condition) throw new Error(`expected that ${expectation}`);
}

export function expectEqual(actual: unknown, expected: unknown, what: string): void {
  if (!Object.is(actual, expected))
    throw new Error(`expected ${what} to be ${String(expected)}, got ${String(actual)}`);
}

/** Runs `action` and demands an `IommuError` with this code; answers its message. */
export function expectCode(code: ErrorCode, action: () => unknown, what: string): string {
  try {
    action();
  } catch (error) {
    return checkCode(code, error, what);
  }
  throw new Error(`expected ${what} to be refused with ${code}, but it succeeded`);
}

export async function expectCodeAsync(
  code: ErrorCode,
  action: () => Promise<unknown>,
  what: string,
): Promise<string> {
  try {
    await action();
  } catch (error) {
    return checkCode(code, error, what);
  }
  throw new Error(`expected ${what} to be refused with ${code}, but it succeeded`);
}

function checkCode(code: ErrorCode, error: unknown, what: string): string {
  if (isIommuError(error, code)) return error.message;
  const got = isIommuError(error) ? error.code : String(error);
  throw new Error(`expected ${what} to be refused with ${code}, got ${got}`, { cause: error });
}

/** The number of bytes at which two byte strings differ. */
export function differingBytes(a: Uint8Array, b: Uint8Array): number {
  let differing = Math.abs(a.length - b.length);
  for (let i = 0; i < Math.min(a.length, b.length); i++) if (a[i] !== b[i]) differing++;
  return differing;
}
