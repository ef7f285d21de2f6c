// What the sPAPR VFIO driver asks of a TCE table: exchange entries, remember what the user mapped.
//
// Entries are numbered by bus address: the table's first is `offset`. All numbers are doubles; bus
// addresses have 60 bits and pages at least 12, so entries are exact. No BigInt: every mapped page
// comes through here.

import type { DomainAccess } from "./domain.ts";

/** Permission bits of a TCE. */
export const TCE_READ = 1;
export const TCE_WRITE = 2;

export interface TceTable {
  readonly pageShift: number;
  /** Bus address of the window >> pageShift. */
  readonly offset: number;
  /** Entries that are accepted. */
  readonly size: number;
  /** Bytes counted against locked memory when it is given back. */
  readonly chargedBytes: number;
  /** What the last exchange found in the entry: the frame, and its permissions (0: nothing). */
  readonly oldFrame: number;
  readonly oldPermissions: number;
  /** Writes an entry (permissions 0: clears it). 0, or -errno with nothing changed. */
  exchange(entry: number, frame: number, permissions: number): number;
  /** The user's address that an entry was mapped from; 0 for none. */
  shadow(entry: number): number;
  setShadow(entry: number, address: number, permissions: number): void;
  /** The next entry from `entry` on, before `end`, that may hold something; `end` if none does. */
  next(entry: number, end: number): number;
  /** Makes the hardware forget translations of this range. */
  invalidate(entry: number, pages: number): void;
  /** Entries that hold a mapping, ascending, as the user asked for them. */
  mapped(): readonly MappedEntry[];
  free(): void;
}

export interface MappedEntry {
  readonly entry: number;
  readonly address: number;
  readonly access: DomainAccess;
}
