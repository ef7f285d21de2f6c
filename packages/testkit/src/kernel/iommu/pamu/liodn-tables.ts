// What the kernel writes for one LIODN: its primary entry and its run of secondary ones.
//
// drivers/iommu/fsl_pamu.c of the vendor's trees and of Linux 3.12 to 5.12. Every entry is complete before
// its V bit is set. The entry writer checks sizes; callers without a LIODN meet no check (pamu.md 1.3,
// 1.4).

import type { FrameAllocation } from "../../../memory/physical-memory-types.ts";
import { EINVAL, ENOSPC } from "../../errno.ts";
import type { FrameSource } from "../../frame-source.ts";
import * as field from "./entry-fields.ts";
import { EntryTable } from "./entry-table.ts";
import { SpaacePool } from "./spaace-pool.ts";

/** Entries of the primary table, one for each LIODN, and of the secondary one. */
export const PRIMARY_ENTRIES = 0x500;
const SECONDARY_ENTRIES = 0x800;
export const OPERATION_ENTRIES = 16;
const OPERATION_BYTES = 128;
/** The three tables lie in one block that is aligned to its size. */
const BLOCK_BYTES = 0x8_0000;
const SECONDARY_AT = 0x2_0000;
const OPERATIONS_AT = 0x4_0000;
/** The largest window, and the boot-time one: 36 address bits. */
export const APERTURE_END: number = 2 ** 36;

/** Device's view: what it may do. */
export interface Protection {
  readonly read: boolean;
  readonly write: boolean;
}

/** One aperture as SET WINDOWS writes it: addresses and sizes in bytes. */
export interface Aperture {
  readonly start: number;
  readonly size: number;
  readonly windows: number;
}

/** What one window leads to: `size` bytes from a physical address. */
export interface WindowTarget {
  readonly pa: number;
  readonly size: number;
  readonly prot: Protection;
}

/** Where a table lies: its first byte and the first one behind it, physical. */
export interface TablePlace {
  readonly base: number;
  readonly limit: number;
}

export class LiodnTables {
  readonly primary: EntryTable;
  readonly secondary: EntryTable;
  readonly operations: Uint8Array;
  readonly pool: SpaacePool = new SpaacePool(SECONDARY_ENTRIES);
  readonly places: Readonly<Record<"primary" | "secondary" | "operations", TablePlace>>;

  constructor(frames: FrameSource) {
    const block = frames.allocate(BLOCK_BYTES / 4096, "contiguous");
    const base = physicalBase(block);
    const primaryBytes = PRIMARY_ENTRIES * field.PAACE_BYTES;
    const secondaryBytes = SECONDARY_ENTRIES * field.PAACE_BYTES;
    const operationBytes = OPERATION_ENTRIES * OPERATION_BYTES;
    const { bytes } = block;
    this.primary = new EntryTable(bytes.subarray(0, primaryBytes));
    this.secondary = new EntryTable(bytes.subarray(SECONDARY_AT, SECONDARY_AT + secondaryBytes));
    this.operations = bytes.subarray(OPERATIONS_AT, OPERATIONS_AT + operationBytes);
    this.places = {
      primary: { base, limit: base + primaryBytes },
      secondary: { base: base + SECONDARY_AT, limit: base + SECONDARY_AT + secondaryBytes },
      operations: { base: base + OPERATIONS_AT, limit: base + OPERATIONS_AT + operationBytes },
    };
  }

  /** The whole of 64 GiB as it is, as every LIODN has it after boot. */
  setIdentity(liodn: number): void {
    const { primary } = this;
    primary.clear(liodn);
    primary.set(liodn, field.WSE, field.sizeCode(APERTURE_END));
    primary.set(liodn, field.AP, permissions({ read: true, write: true }));
    primary.set(liodn, field.CR, 1);
    primary.set(liodn, field.V, 1);
  }

  /** Linux 6.12's only domain: 64 GiB to themselves, through a translated window. */
  setFixedWindow(liodn: number, prot: Protection): void {
    this.setIdentity(liodn);
    this.primary.set(liodn, field.V, 0);
    this.primary.set(liodn, field.ATM, field.ATM_WINDOW);
    this.primary.set(liodn, field.AP, permissions(prot));
  }

  isValid(liodn: number): boolean {
    return this.primary.get(liodn, field.V) === 1;
  }

  setValid(liodn: number, valid: boolean): void {
    this.primary.set(liodn, field.V, valid ? 1 : 0);
  }

  /**
   * An aperture with all of its windows off, and V 0. `fspi` is the first of (windows - 1) secondary
   * entries that are this LIODN's already; it says nothing for one window.
   */
  setAperture(liodn: number, { start, size, windows }: Aperture, fspi: number): void {
    const { primary } = this;
    primary.set(liodn, field.V, 0);
    primary.clear(liodn);
    primary.set(liodn, field.WBAH, Math.floor(start / 2 ** 32));
    primary.set(liodn, field.WBAL, Math.floor((start % 2 ** 32) / 4096));
    primary.set(liodn, field.WSE, field.sizeCode(size));
    primary.set(liodn, field.CR, 1);
    primary.set(liodn, field.ATM, field.ATM_WINDOW);
    if (windows === 1) return;
    const slotCode = field.sizeCode(size / windows);
    primary.set(liodn, field.MW, 1);
    primary.set(liodn, field.WCE, field.countCode(windows));
    primary.set(liodn, field.FSPI, fspi);
    primary.set(liodn, field.SWSE, slotCode);
    for (let window = 1; window < windows; window++)
      this.#emptySecondary(fspi + window - 1, liodn, slotCode);
  }

  /** Takes secondary entries for an aperture: their first index (0 for one window), or -errno. */
  allocateSecondary(windows: number): number {
    if (windows === 1) return 0;
    return this.pool.allocate(windows - 1) ?? -EINVAL;
  }

  /** Gives back those that FSPI names now; the aperture is no longer divided. */
  freeSecondary(liodn: number): void {
    if (!this.hasWindows(liodn)) return;
    this.pool.free(this.#fspi(liodn));
    this.primary.set(liodn, field.MW, 0);
  }

  /** Whether a LIODN's aperture is divided, so that it holds secondary entries. */
  hasWindows(liodn: number): boolean {
    return this.primary.get(liodn, field.MW) === 1;
  }

  /** Exchanges the entries of several LIODNs for new ones, or changes nothing: -ENOSPC. */
  exchangeSecondary(liodns: readonly number[], windows: number): readonly number[] | number {
    const given = liodns.filter((liodn) => this.hasWindows(liodn));
    if (windows === 1) {
      this.pool.exchange(
        given.map((liodn) => this.#fspi(liodn)),
        [],
      );
      return liodns.map(() => 0);
    }
    return (
      this.pool.exchange(
        given.map((liodn) => this.#fspi(liodn)),
        liodns.map(() => windows - 1),
      ) ?? -ENOSPC
    );
  }

  /** Writes one window of a divided aperture: 0, or -EINVAL for a size that no entry can hold. */
  setWindow(liodn: number, window: number, { pa, size, prot }: WindowTarget): number {
    const code = field.sizeCode(size);
    if (code < 0) return code;
    const { table, index } = this.#entryOf(liodn, window);
    table.set(index, field.SWSE, code);
    setTarget(table, index, pa);
    table.set(index, field.AP, permissions(prot));
    if (window > 0) table.set(index, field.V, 1);
    return 0;
  }

  /** The only window: its size becomes the aperture's own. */
  setOnlyWindow(liodn: number, { pa, size, prot }: WindowTarget): number {
    const code = field.sizeCode(size);
    if (code < 0) return code;
    this.primary.set(liodn, field.WSE, code);
    setTarget(this.primary, liodn, pa);
    this.primary.set(liodn, field.AP, permissions(prot));
    return 0;
  }

  /** Window 0 has no V of its own: nothing is allowed in it. Where it led to stays written. */
  clearWindow(liodn: number, window: number): void {
    const { table, index } = this.#entryOf(liodn, window);
    if (window === 0) table.set(index, field.AP, field.AP_DENY);
    else table.set(index, field.V, 0);
  }

  setStash(liodn: number, window: number, cacheId: number): void {
    const { table, index } = this.#entryOf(liodn, window);
    table.set(index, field.CID, cacheId);
  }

  setOperationMap(liodn: number, window: number, omi: number): void {
    const { table, index } = this.#entryOf(liodn, window);
    table.set(index, field.OTM, field.OTM_INDEXED);
    table.set(index, field.OMI, omi);
  }

  #emptySecondary(index: number, liodn: number, slotCode: number): void {
    const { secondary } = this;
    secondary.clear(index);
    secondary.set(index, field.LIODN, liodn);
    secondary.set(index, field.PT, 1);
    secondary.set(index, field.CR, 1);
    secondary.set(index, field.ATM, field.ATM_WINDOW);
    secondary.set(index, field.SWSE, slotCode);
  }

  #entryOf(liodn: number, window: number): { table: EntryTable; index: number } {
    if (window === 0) return { table: this.primary, index: liodn };
    return { table: this.secondary, index: this.#fspi(liodn) + window - 1 };
  }

  #fspi(liodn: number): number {
    return this.primary.get(liodn, field.FSPI);
  }
}

/** Only whole frames have a place in an entry: lower bits of the address are lost without a word. */
function setTarget(table: EntryTable, index: number, pa: number): void {
  table.set(index, field.TWBAH, Math.floor(pa / 2 ** 32));
  table.set(index, field.TWBAL, Math.floor((pa % 2 ** 32) / 4096));
}

/** AP: 1 admits queries, which are the device's reads, 2 updates. */
function permissions({ read, write }: Protection): number {
  return (read ? 1 : 0) | (write ? 2 : 0);
}

function physicalBase(block: FrameAllocation): number {
  const [run] = block.runs;
  if (run === undefined || block.runs.length !== 1)
    throw new Error("the tables need one physically contiguous block");
  return run.firstFrame * 4096;
}
