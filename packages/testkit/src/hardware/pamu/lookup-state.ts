// What one lookup knows and finds out on its way through the steps of lookup.ts.

import type { PamuTable, Place } from "./table.ts";
import { DISABLED } from "./violations.ts";

/** What a lookup needs to know of its PAMU. */
export interface LookupTables {
  readonly primary: PamuTable;
  readonly secondary: PamuTable;
  readonly operations: PamuTable;
}

/** A lookup on its way through the steps. Used again for every transaction: nothing is allocated. */
export class Lookup {
  readonly primaryTable: PamuTable;
  readonly secondaryTable: PamuTable;
  readonly operationTable: PamuTable;
  /** Steps 2 and 3: the code that every transaction is refused with, or 0. PC decides. */
  gateCode: number;
  /** WCE of the most windows that this PAMU supports: MWCE of PC3. */
  readonly largestCountCode: number;
  /** The entry that decides, primary or secondary: its bytes, where it begins in them, words 1 and 3. */
  bytes: DataView;
  start = 0;
  word1 = 0;
  word3 = 0;
  /** log2 of the frames that it maps. */
  mappedOrder = 0;
  /** What a transaction that passes becomes: its frame, and the EOE code of its operation. */
  physicalFrame = 0;
  outgoing = 0;
  /** Frames of the translated base below its mapped size, which were ignored. */
  lostFrames = 0;
  /** Where the entry that could not be read should have been; good after UNREADABLE. */
  unreadable: Place = { frame: 0, offset: 0 };

  constructor({ primary, secondary, operations }: LookupTables, largestCountCode: number) {
    this.primaryTable = primary;
    this.bytes = primary.bytes;
    this.secondaryTable = secondary;
    this.operationTable = operations;
    this.gateCode = DISABLED;
    this.largestCountCode = largestCountCode;
  }
}
