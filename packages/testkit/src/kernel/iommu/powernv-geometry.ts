// The size of a TCE table on bare metal: what it is said to cost, and how it is laid out.
//
// arch/powerpc/platforms/powernv/pci-ioda*.c of Linux 6.12, seen on powernv9 and powernv8. L is
// log2(window) - page shift, and may be negative.

import { SimulatedCrash } from "../simulated-crash.ts";

const MOST_LEVELS = 5;
const SMALLEST_TABLE = 4096;
/** Address bits that a TVE translates. */
const MOST_ADDRESS_BITS = 55;
/** The largest piece of contiguous memory: 16 MiB, MAX_PAGE_ORDER 12 of 4 KiB or 8 of 64 KiB. */
const MOST_TABLE_SHIFT = 24;

export interface TableShape {
  readonly pageShift: number;
  readonly levels: number;
  /** log2 of the entries of each table. */
  readonly indexBits: number;
  /** Entries that the window accepts. */
  readonly entries: number;
}

/** log2 of a power of two; -1 for anything else. */
function log2(size: bigint): number {
  if (size <= 0n || (size & (size - 1n)) !== 0n) return -1;
  return size.toString(2).length - 1;
}

/** Hardware table and shadow in bytes; 0 for what can never be. `hostShift` is of the kernel's page. */
export function powernvTableBytes(
  pageShift: number,
  windowSize: bigint,
  levels: number,
  hostShift: number,
): number {
  const windowShift = log2(windowSize);
  if (levels < 1 || levels > MOST_LEVELS || windowShift < 0) return 0;
  const entriesShift = windowShift - pageShift;
  requireDefined(entriesShift, levels);
  // A shift by 64 to 127 is 0 on this CPU: tables of no bytes.
  if (entriesShift < -3) return 0;
  let table = Math.max(SMALLEST_TABLE, 2 ** (entriesShift + 3));
  const direct = 2 ** Math.max(indexShift(entriesShift, levels) + 3, hostShift);
  let bytes = 0;
  for (let level = levels; level > 0; level--) {
    bytes += Math.ceil(table / direct) * direct;
    table = Math.max(Math.floor(table / direct) * 8, direct);
  }
  return 2 * bytes;
}

/** How the table is laid out, or why it cannot be: "invalid" (EINVAL) or "too large" (ENOMEM). */
export function powernvTableShape(
  pageShift: number,
  windowSize: bigint,
  levels: number,
  hostShift: number,
): TableShape | "invalid" | "too large" {
  const entriesShift = log2(windowSize) - pageShift;
  const indexBits = Math.max(indexShift(entriesShift, levels), hostShift - 3);
  if (indexBits * levels + pageShift >= MOST_ADDRESS_BITS) return "invalid";
  if (indexBits + 3 > MOST_TABLE_SHIFT) return "too large";
  return { pageShift, levels, indexBits, entries: 2 ** Math.max(entriesShift, hostShift - 3) };
}

function indexShift(entriesShift: number, levels: number): number {
  return Math.ceil(entriesShift / levels);
}

/** The kernel counts in unsigned numbers; with several levels a negative L becomes a wild shift. */
function requireDefined(entriesShift: number, levels: number): void {
  if (levels > 1 && entriesShift + levels - 1 < 0)
    throw new SimulatedCrash(
      "a window smaller than its page with several levels is undefined in C",
    );
}
