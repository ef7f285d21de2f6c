// What one lookup knows and finds out on its way through the steps of lookup.ts.

import { EntryWords, type PamuTable, type Place } from "./table.ts";

/** What a lookup needs to know of its PAMU. */
export interface LookupTables {
  readonly primary: PamuTable;
  readonly secondary: PamuTable;
  readonly operations: PamuTable;
}

/** PC, as the steps read it. */
export interface Gates {
  enabled: boolean;
  closed: boolean;
  /** WCE of the most windows that this PAMU supports: MWCE of PC3. */
  largestCountCode: number;
}

/** A lookup on its way through the steps. Used again for every transaction: nothing is allocated. */
export class Lookup {
  readonly primaryTable: PamuTable;
  readonly secondaryTable: PamuTable;
  readonly operationTable: PamuTable;
  readonly gates: Gates;
  // The transaction.
  liodn = 0;
  frame = 0;
  operation = 0;
  /** The LIODN's primary entry, and the entry that decides: the same, or a secondary one. */
  primary: EntryWords = new EntryWords();
  entry: EntryWords = this.primary;
  /** log2 of the frames of the aperture, of a subwindow, and of what is mapped of it. */
  apertureOrder = 0;
  slotOrder = 0;
  mappedOrder = 0;
  /** How far the address lies behind the window base, in frames. */
  within = 0;
  /** Number of the subwindow; 0 is described by the primary entry. */
  index = 0;
  /** What a transaction that passes becomes: its frame, and the EOE code of its operation. */
  physicalFrame = 0;
  outgoing = 0;
  /** Frames of the translated base below its mapped size, which were ignored. */
  lostFrames = 0;
  /** Where the entry that could not be read should have been; good after UNREADABLE. */
  unreadable: Place = { frame: 0, offset: 0 };

  constructor({ primary, secondary, operations }: LookupTables, gates: Gates) {
    this.primaryTable = primary;
    this.secondaryTable = secondary;
    this.operationTable = operations;
    this.gates = gates;
  }
}
