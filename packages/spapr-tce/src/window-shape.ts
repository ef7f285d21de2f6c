// Holds a wanted window to the offer: the table that the kernel would make of it, or why it would not.
//
// The one function that both `createWindow` and the planner ask, so that neither sends what must fail.

import { type ErrorCode, formatSize } from "@iommukit/core";
import { isUnsigned64, told } from "./arguments.ts";
import { HIGH_START, offeredPages, pageShift, type WindowOffer } from "./offer.ts";
import { offerProblem } from "./offer-check.ts";
import {
  isPowerOfTwo,
  type TableProblem,
  type TableShape,
  tableBytes,
  tableProblem,
} from "./table-size.ts";

/** A window as it is wanted; without `levels`, the fewest that do. */
export interface WantedWindow {
  /** Bytes, a power of two. */
  readonly pageSize: number;
  /** Bytes, a power of two not below the page. */
  readonly size: bigint;
  readonly levels?: number | undefined;
}

/** A window that the kernel can make. */
export interface PossibleWindow extends TableShape {
  readonly pageSize: number;
  /** Bytes that the kernel charges to the locked memory for it. */
  readonly tableBytes: bigint;
}

/** Why a window is not possible, in the library's codes. */
export interface ShapeRefusal {
  readonly code: ErrorCode;
  readonly sentence: string;
  readonly hint?: string;
}

/** A possible window, or why it is not one. */
export type ShapeAnswer =
  | { readonly window: PossibleWindow; readonly refusal?: undefined }
  | { readonly window?: undefined; readonly refusal: ShapeRefusal };

/**
 * The window with its table, or the first thing that is wrong with it, with what was passed too: it never
 * throws.
 */
export function shapeWindow(offer: WindowOffer, wanted: WantedWindow): ShapeAnswer {
  const refusal =
    argumentsRefused(offer, wanted) ?? pagesRefused(offer, wanted) ?? levelsRefused(offer, wanted);
  if (refusal !== undefined) return { refusal };
  const shape = { shift: pageShift(wanted.pageSize), size: wanted.size };
  const tried = wanted.levels === undefined ? upTo(offer.levels) : [wanted.levels];
  const levels = tried.find(
    (each) => tableProblem(offer, { ...shape, levels: each }) === undefined,
  );
  if (levels === undefined) return { refusal: noTable(offer, wanted) };
  const table = { ...shape, levels };
  return {
    window: { ...table, pageSize: wanted.pageSize, tableBytes: tableBytes(offer, table) },
  };
}

/** What TypeScript would have told, for those who come without it. */
function argumentsRefused(offer: unknown, wanted: unknown): ShapeRefusal | undefined {
  const { pageSize, size } = Object(wanted) as Partial<WantedWindow>; // cast: looked at member by member
  const wrong = offerProblem(offer) ?? wantedProblem(pageSize, size);
  return wrong === undefined ? undefined : { code: "invalid-argument", sentence: wrong };
}

function wantedProblem(pageSize: unknown, size: unknown): string | undefined {
  if (!Number.isSafeInteger(pageSize) || Number(pageSize) < 1)
    return `a window's page is a number of bytes, not ${told(pageSize)}`;
  return isUnsigned64(size) ? undefined : `a window's size is a bigint of bytes, not ${told(size)}`;
}

function pagesRefused(
  offer: WindowOffer,
  { pageSize, size }: WantedWindow,
): ShapeRefusal | undefined {
  const offered = offeredPages(offer);
  if (!offered.includes(pageSize))
    return {
      code: "not-offered",
      sentence: `windows have no pages of ${formatSize(pageSize)} here`,
      hint: `offered are ${offered.map(formatSize).join(", ")}`,
    };
  if (size % BigInt(pageSize) !== 0n)
    return {
      code: "misaligned",
      sentence: `a window of ${formatSize(size)} is not whole pages of ${formatSize(pageSize)}`,
    };
  if (!isPowerOfTwo(size))
    return {
      code: "invalid-argument",
      sentence: `a window's size is a power of two, not ${formatSize(size)}`,
    };
  if (size > HIGH_START)
    return {
      code: "not-offered",
      sentence: `a window of ${formatSize(size)} is more than a PCI address can say`,
      hint: `at most ${formatSize(HIGH_START)}, less what the table cannot translate`,
    };
  return undefined;
}

function levelsRefused(offer: WindowOffer, { levels }: WantedWindow): ShapeRefusal | undefined {
  if (levels === undefined) return undefined;
  if (!Number.isInteger(levels) || levels < 1)
    return {
      code: "invalid-argument",
      sentence: `a table has 1 level or more, not ${told(levels)}`,
    };
  if (levels <= offer.levels) return undefined;
  return {
    code: "not-offered",
    sentence: `tables of ${levels} levels are not offered here`,
    hint: `at most ${offer.levels}; leave it out for the fewest that do`,
  };
}

const PROBLEMS: Readonly<Record<TableProblem, string>> = {
  "too-deep": "it would translate more than 55 address bits",
  "piece-too-large": "one piece of it would be more than 16 MiB",
  "too-many-entries": "it would have more than 2^31 entries",
};

function noTable(offer: WindowOffer, { pageSize, size, levels }: WantedWindow): ShapeRefusal {
  const shape = { shift: pageShift(pageSize), size, levels: levels ?? offer.levels };
  const why = PROBLEMS[tableProblem(offer, shape) ?? "too-deep"];
  const pages = formatSize(pageSize);
  return {
    code: "not-offered",
    sentence: `no table of ${levels ?? `1 to ${offer.levels}`} levels is possible for ${formatSize(size)} in pages of ${pages}: ${why}`,
    hint: levels === undefined ? "larger pages, or a smaller window" : "leave levels out",
  };
}

function upTo(most: number): readonly number[] {
  return Array.from({ length: most }, (_, i) => i + 1);
}
