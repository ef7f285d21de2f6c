// New host addresses for live mappings, in the order: check, kernel, record.
//
// A mapping is one call to the kernel, so supplying several is undone last first when one fails. After
// an answer that cannot be trusted the kernel is asked for each mapping, so that ledger and kernel agree
// on which addresses are invalid.

import type { ByteSize, Iova } from "../address/address.ts";
import { framesToSize } from "../address/address.ts";
import type { Mapping } from "../contract/dma-path.ts";
import type {
  AddressSupply,
  AddressUpdate,
  AddressUpdateSession,
} from "../contract/live-update.ts";
import type { Enabled, EnabledState } from "../dma/dma-engine.ts";
import { isInvalid, toMapping } from "../dma/entry.ts";
import type { Ledger } from "../dma/ledger.ts";
import type { TableEntry } from "../dma/mapping-table.ts";
import { notMapped, notOffered, splits, stillMapping } from "../dma/refusals.ts";
import { UndoStack, undone } from "../dma/undo.ts";
import { alreadyInvalid, notInvalid, notTakenBack, suppliedTwice } from "./refusals.ts";

type Updating = Enabled & { readonly update: AddressUpdateSession };

/** The `AddressUpdate` of one container. */
export function createAddressUpdate(enabled: EnabledState): AddressUpdate {
  const offered = (operation: string): Updating => {
    const state = enabled(operation);
    const { addressUpdate: update, capabilities } = state.session;
    if (update === undefined) throw notOffered(capabilities, operation, "update-vaddr");
    return { ...state, update };
  };
  return Object.freeze({
    invalid: (): readonly Mapping[] =>
      offered("invalid").ledger.entries().filter(isInvalid).map(toMapping),
    invalidate: (iova: Iova, size: ByteSize): void => {
      const { ledger, update } = offered("invalidate");
      const entries = ledger.admitUnmap(iova, size, "invalidate");
      invalidate("invalidate", { ledger, update }, entries, (expected) =>
        update.invalidate(iova, size, expected),
      );
    },
    invalidateAll: (): ByteSize => {
      const { ledger, update } = offered("invalidateAll");
      if (ledger.pending > 0) throw stillMapping("invalidateAll");
      const entries = ledger.entries();
      return invalidate("invalidateAll", { ledger, update }, entries, (expected) =>
        update.invalidateAll(expected),
      );
    },
    supply: (supplies: readonly AddressSupply[]): void => supply(offered("supply"), supplies),
  });
}

function invalidate(
  operation: string,
  { ledger, update }: Pick<Updating, "ledger" | "update">,
  entries: readonly TableEntry[],
  call: (expected: ByteSize) => void,
): ByteSize {
  const already = entries.find(isInvalid);
  if (already !== undefined) throw alreadyInvalid(operation, toMapping(already));
  const expected = framesToSize(entries.reduce((sum, { start, end }) => sum + end - start, 0));
  if (entries.length === 0) return expected;
  try {
    call(expected);
  } catch (error) {
    // The kernel undoes its own failures; one that says it failed and did it is set right here.
    for (const entry of entries) update.confirm(toMapping(entry), "valid");
    throw error;
  }
  ledger.invalidate(entries);
  return expected;
}

interface Step {
  readonly entry: TableEntry;
  readonly supply: AddressSupply;
}

function supply({ ledger, update }: Updating, supplies: readonly AddressSupply[]): void {
  const steps = admitAll(ledger, supplies);
  const undo = new UndoStack();
  try {
    for (const step of steps) {
      supplyOne({ ledger, update }, step);
      undo.push(() => takeBack({ ledger, update }, step.entry));
    }
  } catch (error) {
    throw undone(error, undo.unwind());
  }
}

function supplyOne(
  { ledger, update }: Pick<Updating, "ledger" | "update">,
  { entry, supply: { iova, size, host } }: Step,
): void {
  try {
    update.supply(iova, size, host);
  } catch (error) {
    update.confirm(toMapping(entry), "invalid");
    throw error;
  }
  ledger.supply(entry, host);
}

/**
 * The mapping is invalid again, and known to the kernel by the address that it had. Each call is recorded
 * before the next, so that the ledger is right wherever it ends.
 */
function takeBack(
  { ledger, update }: Pick<Updating, "ledger" | "update">,
  entry: TableEntry,
): void {
  const before = toMapping(entry);
  update.invalidate(before.iova, before.size, before.size);
  ledger.invalidate([entry]);
  if (update.confirm(before, "valid") !== "held") throw notTakenBack(before);
  ledger.supply(entry, before.host);
  if (update.confirm(before, "invalid") !== "held") throw notTakenBack(before);
  ledger.invalidate([entry]);
}

/** Everything is checked before the first call. */
function admitAll(ledger: Ledger, supplies: readonly AddressSupply[]): readonly Step[] {
  const seen = new Set<Iova>();
  return supplies.map((each) => {
    const { iova, size, host } = each;
    const entry = exactEntry(ledger, iova, size);
    if (seen.has(iova)) throw suppliedTwice(iova);
    seen.add(iova);
    if (!isInvalid(entry)) throw notInvalid(toMapping(entry));
    ledger.admitHost(host, size, ledger.granuleAt(iova), "supply");
    return { entry, supply: { iova, size, host } };
  });
}

function exactEntry(ledger: Ledger, iova: Iova, size: ByteSize): TableEntry {
  const [entry, another] = ledger.admitWhole(iova, size, "supply");
  if (entry === undefined) throw notMapped("supply", iova, size);
  const mapping = toMapping(entry);
  if (another !== undefined || mapping.iova !== iova || mapping.size !== size)
    throw splits("supply", iova, size, mapping);
  return entry;
}
