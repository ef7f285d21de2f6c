// What a failed unmap left behind: where the kernel can tell, it is asked for each mapping.
//
// An unmap that was refused may have removed some mappings, or all of them when only its answer was
// lost. A backend with `update-vaddr` has a question that changes nothing (`confirm`); without it
// everything counts as mapped, so that no memory is freed that a device may still reach (I16, I18).

import { framesToSize } from "../address/address.ts";
import { formatSize } from "../address/units.ts";
import type { BackendSession } from "../contract/backend.ts";
import { IommuError, isIommuError } from "../errors/base.ts";
import { isInvalid, toMapping } from "./entry.ts";
import type { Ledger } from "./ledger.ts";
import type { TableEntry } from "./mapping-table.ts";

/** The mappings that the kernel has no more. */
export function goneOf(
  { addressUpdate }: Pick<BackendSession, "addressUpdate">,
  entries: readonly TableEntry[],
): readonly TableEntry[] {
  return entries.filter((entry) => {
    const address = isInvalid(entry) ? "invalid" : "valid";
    return addressUpdate?.confirm(toMapping(entry), address) === "gone";
  });
}

/** Records what is gone, and answers the error with `removed` and `stillMapped` in bytes. */
export function unmapFailed(
  { session, ledger }: { readonly session: BackendSession; readonly ledger: Ledger },
  entries: readonly TableEntry[],
  error: unknown,
): unknown {
  if (session.addressUpdate === undefined || !isIommuError(error)) return error;
  const gone = goneOf(session, entries);
  ledger.removeAll(gone);
  const removed = bytesOf(gone);
  const stillMapped = bytesOf(entries) - removed;
  const { code, operation, hint } = error;
  const sentence = `the unmap failed: ${formatSize(removed)} removed, ${formatSize(stillMapped)} still mapped`;
  const facts = { ...error.facts, removed, stillMapped };
  return new IommuError({ code, operation, sentence, facts, hint, cause: error });
}

function bytesOf(entries: readonly TableEntry[]): bigint {
  return framesToSize(entries.reduce((sum, { start, end }) => sum + end - start, 0));
}
