// What no sequence may do to a real POWER kernel.
//
// 1. No range crosses the end of a window. Windows begin at 0 or 2^59 and have a power of two of bytes,
//    so it is enough that no range crosses such an end, whichever windows there are.
// 2. No window whose table the kernel computes with shifts that C leaves undefined: pages of 2^64 bytes
//    and more; with several levels fewer than 1/8 of a page, or log2 of the entries below 1 - levels.
// 3. No table of which one piece is large: its pages must lie side by side in the guest's memory. On
//    pseries no large table at all, since every entry is cleared by a hypercall of its own; and no
//    window without an entry, at which the firmware fails: the kernel then makes no window for the
//    group until it is booted again.
// 4. No transfer to an address that the bridge takes for an interrupt message.

import type { SpaprEnvironment } from "./environment.ts";
import type { CreateOp, DmaOp, MapOp, Op, RangeOp } from "./op.ts";
import { isPseries } from "./power-platform.ts";

const HIGH_BASE = 2n ** 59n;
const END = 2n ** 64n;
const LEAST_ENTRIES_PER_PAGE = 8;
const IOMMU_PAGE = 4096n;
export const MOST_DMA_BYTES = 2048;
/** A piece of a table has 8 bytes for each entry: 4 MiB. The kernel refuses 32 MiB and more. */
const MOST_INDEX_BITS = 19;
const REFUSED_INDEX_BITS = 22;
const MOST_PSERIES_ENTRIES = 2n ** 15n;
const LEAST_PSERIES_WINDOW = 2n ** 21n;
/** Sizes beyond it are accounted in numbers that JavaScript does not hold exactly. */
const MOST_WINDOW = 2n ** 56n;
const MOST_RANGE = 0x400_0000n;

/** Why it must not be run, or undefined. */
export function spaprDanger(op: Op, environment: SpaprEnvironment): string | undefined {
  if (op.op === "map" || op.op === "unmap") return rangeDanger(op, environment);
  if (op.op === "create") return createDanger(op, environment);
  return op.op === "dma" ? dmaDanger(op) : undefined;
}

/** The same op without its danger. */
export function spaprMended(op: Op, environment: SpaprEnvironment): Op {
  if (spaprDanger(op, environment) === undefined) return op;
  if (op.op === "map" || op.op === "unmap")
    return { ...op, size: `0x${roomAt(BigInt(op.iova), environment).toString(16)}` };
  if (op.op === "create")
    return {
      ...op,
      pageShift: 16,
      windowSize: `0x${LEAST_PSERIES_WINDOW.toString(16)}`,
      levels: 1,
    };
  if (op.op === "dma") return { ...op, from: "0x200000", to: "0x200000", length: MOST_DMA_BYTES };
  return op;
}

/**
 * Bytes of the smallest window that there can be: on bare metal an eighth of a page holds its entries; on
 * pseries the smallest that sequences make, or the default one.
 */
function leastWindow(environment: SpaprEnvironment): bigint {
  if (isPseries(environment)) {
    const byDefault = BigInt(environment.defaultWindow[1]);
    return byDefault < LEAST_PSERIES_WINDOW ? byDefault : LEAST_PSERIES_WINDOW;
  }
  return IOMMU_PAGE * BigInt(environment.hostPage / LEAST_ENTRIES_PER_PAGE);
}

/** Bytes from an address up to the next place where a window can end. */
function roomAt(iova: bigint, environment: SpaprEnvironment): bigint {
  const base = iova < HIGH_BASE ? 0n : HIGH_BASE;
  const least = leastWindow(environment);
  const offset = iova - base;
  const end = offset < least ? least : 2n ** BigInt(log2(offset) + 1);
  const room = end - offset;
  const toTheTop = END - iova;
  const possible = room < toTheTop ? room : toTheTop;
  return possible < MOST_RANGE ? possible : MOST_RANGE;
}

function rangeDanger({ iova, size }: MapOp | RangeOp, environment: SpaprEnvironment) {
  return BigInt(size) > roomAt(BigInt(iova), environment)
    ? "the range could cross the end of a window"
    : undefined;
}

function createDanger(
  { pageShift, windowSize, levels }: CreateOp,
  environment: SpaprEnvironment,
): string | undefined {
  const size = BigInt(windowSize);
  if (size === 0n) return undefined;
  if (pageShift >= 64) return "the kernel shifts by 64 and more";
  if (size > MOST_WINDOW) return "its table's size is no exact number";
  const entries = size >> BigInt(pageShift);
  if (isPseries(environment)) {
    if (size < LEAST_PSERIES_WINDOW || entries < 1n) return "the firmware could fail";
    return entries > MOST_PSERIES_ENTRIES ? "every entry costs a hypercall" : undefined;
  }
  const entriesShift = log2(size) - pageShift;
  if (levels > 1 && entriesShift < Math.max(-3, 1 - levels))
    return "the kernel shifts by less than 0";
  const bits = Math.ceil(log2(entries) / Math.max(1, levels));
  return bits > MOST_INDEX_BITS && bits < REFUSED_INDEX_BITS
    ? "a piece of its table is large"
    : undefined;
}

/** Rounded down; 0 of 0. */
function log2(size: bigint): number {
  return size.toString(2).length - 1;
}

/** The 32-bit message port of a PHB, the 64-bit one from bit 60 up, and that of pseries at 2^42. */
const MESSAGES: readonly (readonly [first: bigint, end: bigint])[] = [
  [0xffff_0000n, 2n ** 32n],
  [2n ** 42n, 2n ** 42n + 2n ** 21n],
  [2n ** 60n, END],
];

function dmaDanger({ from, to, length }: DmaOp): string | undefined {
  if (!(length > 0 && length <= MOST_DMA_BYTES))
    return "the transfer could leave the device's memory";
  const isMessage = [from, to].some((address) =>
    MESSAGES.some(
      ([first, end]) => BigInt(address) < end && BigInt(address) + BigInt(length) > first,
    ),
  );
  return isMessage ? "the transfer could be taken for an interrupt message" : undefined;
}
