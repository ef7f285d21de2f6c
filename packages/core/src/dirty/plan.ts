// Which calls together read the dirty bits of some mappings.
//
// The kernel takes ranges that cut no mapping, and bitmaps up to a limit. Holes between mappings need no
// bits, so a call begins with a mapping and ends with one.

import { framesToSize, frameToIova } from "../address/address.ts";
import { formatRange } from "../address/units.ts";
import type { TableEntry } from "../dma/mapping-table.ts";
import { IommuError } from "../errors/base.ts";

/** One call: frames `[start, end)`, and the mappings in it. */
export interface DirtyCall {
  readonly start: number;
  readonly end: number;
  readonly entries: readonly TableEntry[];
}

export interface PlanLimits {
  /** Frames that one call can take at most. */
  readonly most: number;
  /** Frames that a call of several mappings should not exceed, to keep the buffer small. */
  readonly preferred: number;
}

/** Valid errors: `not-offered` (a mapping has more pages than the kernel's largest bitmap). */
export function planCalls(
  entries: readonly TableEntry[],
  { most, preferred }: PlanLimits,
): readonly DirtyCall[] {
  const calls: DirtyCall[] = [];
  let joined: TableEntry[] = [];
  let start = 0;
  for (const entry of entries) {
    if (entry.end - entry.start > most) throw tooLarge(entry, most);
    if (joined.length > 0 && entry.end - start > Math.min(most, preferred)) {
      calls.push(asCall(joined));
      joined = [];
    }
    if (joined.length === 0) start = entry.start;
    joined.push(entry);
  }
  if (joined.length > 0) calls.push(asCall(joined));
  return calls;
}

function asCall(entries: readonly TableEntry[]): DirtyCall {
  return { start: entries[0]?.start ?? 0, end: entries.at(-1)?.end ?? 0, entries };
}

function tooLarge({ start, end }: TableEntry, most: number): IommuError {
  const [iova, size] = [frameToIova(start), framesToSize(end - start)];
  return new IommuError({
    code: "not-offered",
    operation: "track dirty pages",
    sentence: `the mapping ${formatRange(iova, size)} has more pages than the kernel tracks in one`,
    facts: { iova, size, largest: framesToSize(most) },
    hint: "map it in pieces: mapInChunks",
  });
}
