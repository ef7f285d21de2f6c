// Lets the devices of a container reach its mappings again: V = 1 in the entry of each LIODN.
//
// No version of the driver has a call for it. It enables at the end of every map that succeeds
// (vfio_iommu_fsl_pamu.c, SDK 2.0), so a free window is mapped onto memory that is mapped already, and
// unmapped: what devices can reach is the same before, meanwhile and afterwards.

import {
  bytes,
  type ExtensionContext,
  formatRange,
  IommuError,
  isIommuError,
  type Mapping,
} from "@iommukit/core";
import type { PamuMap } from "./map.ts";
import type { PamuUnmap } from "./unmap.ts";

export interface EnableCalls {
  readonly map: PamuMap;
  readonly unmap: PamuUnmap;
  /** Bytes of a window now. */
  readonly windowSize: () => bigint | undefined;
}

/**
 * Does nothing where nothing is mapped: the driver enables with the first mapping.
 *
 * Valid errors: `no-iova-space` (every window is taken), and those of map and unmap. A window that
 * could not be taken back is in the ledger afterwards, and the fact `stillMapped` of the error
 * names it.
 */
export function enableAgain(
  operation: string,
  calls: EnableCalls,
  context: ExtensionContext,
): void {
  const [live] = context.mappings();
  const size = calls.windowSize();
  if (live === undefined || size === undefined) return;
  const at = context.findFree(bytes(size));
  if (at === undefined) throw noFreeWindow(operation);
  calls.map(at, live.host, bytes(size), live.access);
  takeBack(operation, calls, context, { ...live, iova: at, size: bytes(size) });
}

/**
 * Takes every mapping away and makes it again: the driver blocks with the last unmap and enables
 * with the first map.
 *
 * Valid errors: those of unmap, and `kernel-misbehaved` with the mappings that are gone when one
 * cannot be made again; they stay in the ledger and can be unmapped.
 */
export function remapAll({ map, unmap }: EnableCalls, context: ExtensionContext): void {
  const mappings = context.mappings();
  const gone: Mapping[] = [];
  try {
    for (const each of mappings) {
      unmap(each.iova, each.size, each.size);
      gone.push(each);
    }
  } finally {
    makeAgain(map, gone);
  }
}

function makeAgain(map: PamuMap, gone: readonly Mapping[]): void {
  const failures: unknown[] = [];
  const lost: string[] = [];
  for (const { iova, host, size, access } of gone)
    try {
      map(iova, host, size, access);
    } catch (error) {
      failures.push(error);
      lost.push(formatRange(iova, size));
    }
  if (failures.length === 0) return;
  throw new IommuError({
    code: "kernel-misbehaved",
    operation: "resume",
    sentence: "resume: mappings that were taken away could not be made again",
    facts: { lost },
    hint: "unmap them: the ledger still has them",
    cause: failures[0],
  });
}

function takeBack(
  operation: string,
  { unmap }: EnableCalls,
  context: ExtensionContext,
  spare: Mapping,
): void {
  const { iova, size } = spare;
  try {
    unmap(iova, size, size);
  } catch (error) {
    // What was mapped for this call only must not stay: one more attempt, and the call fails all the same.
    try {
      unmap(iova, size, size);
    } catch (again) {
      context.adopt(spare);
      throw stuck(operation, spare, again);
    }
    throw error;
  }
}

function noFreeWindow(operation: string): IommuError {
  return new IommuError({
    code: "no-iova-space",
    operation,
    sentence: `${operation} refused: every window is taken, and enabling needs a free one`,
    hint: "unmap something, or plan one window more",
  });
}

function stuck(operation: string, spare: Mapping, cause: unknown): IommuError {
  return new IommuError({
    code: "kernel-misbehaved",
    operation,
    sentence: `${operation}: a window that was mapped to enable devices could not be unmapped`,
    facts: { stillMapped: spare.iova, host: spare.host },
    hint: "it is in the ledger now: unmap it",
    cause: isIommuError(cause) ? cause : undefined,
  });
}
