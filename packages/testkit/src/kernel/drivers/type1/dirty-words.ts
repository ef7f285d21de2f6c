// The dirty words of one mapping, and how the kernel moves them into the user's bitmap.
//
// type1.md 2.8, "Report algorithm", bit by bit: the shift happens in the mapping's own words and
// bits above its last page are never cleared, so stale bits show up in later reports.

import type { Process } from "../../process.ts";
import type { BitmapRequest } from "./bitmap-request.ts";
import type { Mapping } from "./mapping-list.ts";

const MOST_PAGES: number = 2 ** 31 - 1;

/** Whether a mapping is small enough for the kernel's bitmap functions. */
export function canTrack(frames: number): boolean {
  return frames <= MOST_PAGES;
}

export function newWords(frames: number): BigUint64Array {
  return new BigUint64Array(Math.ceil(frames / 64) + 1);
}

/** Writes a mapping's bits as seen from `base`; false for a fault in the user's memory. */
export function reportDirty(
  mapping: Mapping,
  base: number,
  bitmap: BitmapRequest,
  process: Process,
): boolean {
  const words = mapping.words ?? newWords(mapping.frames);
  // A device that the kernel cannot watch may have written every page it could reach.
  if (mapping.runs.length > 0) fillBits(words, mapping.frames, true);
  const bit = mapping.iova - base;
  const shift = bit % 64;
  const address = bitmap.data + Math.floor(bit / 64) * 8;
  const count = Math.ceil((mapping.frames + shift) / 64);
  if (shift !== 0) {
    // Before the user's memory is looked at: after a fault the words stay as they are now.
    shiftLeft(words, count, BigInt(shift));
    const old = new Uint8Array(8);
    if (process.memory.read(address, old) !== 8) return false;
    words[0] = (words[0] ?? 0n) | new DataView(old.buffer).getBigUint64(0, true);
  }
  const bytes = new Uint8Array(8 * count);
  const view = new DataView(bytes.buffer);
  for (let index = 0; index < count; index += 1)
    view.setBigUint64(8 * index, words[index] ?? 0n, true);
  return process.memory.write(address, bytes) === bytes.length;
}

/** A group that may have written anything has left: all pages are reported once more. */
export function markDirty(mapping: Mapping): void {
  if (mapping.words !== null) fillBits(mapping.words, mapping.frames, true);
}

/** After a GET: exactly the mapping's own bits are cleared, and what lies above them stays. */
export function clearReported(mapping: Mapping): void {
  if (mapping.words !== null) fillBits(mapping.words, mapping.frames, false);
}

function fillBits(words: BigUint64Array, bits: number, value: boolean): void {
  const whole = Math.floor(bits / 64);
  const ones = 0xffff_ffff_ffff_ffffn;
  words.fill(value ? ones : 0n, 0, whole);
  const rest = BigInt(bits % 64);
  if (rest === 0n) return;
  const mask = (1n << rest) - 1n;
  const last = words[whole] ?? 0n;
  words[whole] = value ? last | mask : last & ~mask;
}

/** Words `0 … count-1` as one number, shifted; what leaves the top is lost. */
function shiftLeft(words: BigUint64Array, count: number, shift: bigint): void {
  for (let index = count - 1; index >= 0; index -= 1) {
    const below = index === 0 ? 0n : (words[index - 1] ?? 0n);
    words[index] = BigInt.asUintN(64, ((words[index] ?? 0n) << shift) | (below >> (64n - shift)));
  }
}
