// The refusals of dirty tracking, in words.

import type { ByteSize, Iova } from "../address/address.ts";
import { formatRange, formatSize } from "../address/units.ts";
import { type Facts, IommuError, isIommuError } from "../errors/base.ts";

export function notActive(operation: string): IommuError {
  return new IommuError({
    code: "wrong-state",
    operation,
    sentence: `${operation} refused: dirty pages are not tracked`,
    hint: "call start() first",
  });
}

export function alreadyActive(): IommuError {
  return new IommuError({
    code: "wrong-state",
    operation: "start",
    sentence: "start refused: dirty pages are tracked already",
  });
}

export function stillTracking(operation: string): IommuError {
  return new IommuError({
    code: "wrong-state",
    operation,
    sentence: `${operation} refused: the last group would take the dirty pages with it`,
    hint: "call dirty.stop() first; it answers what was not reported",
  });
}

export function tooManyPages(operation: string, size: ByteSize, most: bigint): IommuError {
  return new IommuError({
    code: "invalid-argument",
    operation,
    sentence: `${operation} refused: ${formatSize(size)} is more than one bitmap holds`,
    facts: { size, most },
    hint: "ask for smaller ranges",
  });
}

/** The same refusal, with what it means for the range: its dirty state is lost and will be reported. */
export function nowUnknown(
  operation: string,
  range: { readonly iova: Iova; readonly size: ByteSize },
  cause: unknown,
  facts: Facts = {},
): unknown {
  if (!isIommuError(cause)) return cause;
  return new IommuError({
    code: cause.code,
    operation,
    sentence: `${operation} failed: the dirty pages of ${formatRange(range.iova, range.size)} are unknown, the next query reports all of them`,
    facts: { ...cause.facts, ...facts, unknownIova: range.iova, unknownSize: range.size },
    hint: cause.hint,
    cause,
  });
}
