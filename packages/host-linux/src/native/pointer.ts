// UNSAFE: a number becomes memory that JavaScript can touch; sound because only ../host-memory.ts
// calls this, with a range that mmap(2) just gave, and no view outlives the range: `detach` cuts the
// view off first, or the range stays mapped until the view is collected.
//
// For the only conversions between addresses and bytes.
// Must never see a null or failed pointer: koffi.view(null) aborts the process on Node 24.
// Rests on koffi.view (zero-copy, `koffi.address(view)` is the address again) and on ECMA-262
// ArrayBuffer.prototype.transfer, which Node has since version 21.

import { constants } from "node:buffer";
import koffi from "koffi";

/** The longest ArrayBuffer: 4 GiB on Node 20, where koffi.view aborts above it; 2^53 - 1 later. */
export const MAX_VIEW_LENGTH: number = constants.MAX_LENGTH;

interface Transferable {
  transfer?(length: number): ArrayBuffer;
}

/** The `length` bytes at `address`, without a copy. */
export function viewMemory(address: bigint, length: number): Uint8Array {
  if (address <= 0n || !(length > 0 && length <= MAX_VIEW_LENGTH))
    throw new RangeError(`no view of ${length} bytes at ${address}`);
  return new Uint8Array(koffi.view(address, length));
}

/**
 * Cuts every view of this memory off from it: their length becomes 0 and writes vanish.
 * Answers false where that cannot be done: Node 20, or a buffer that its holder already moved away.
 */
export function detach(view: Uint8Array): boolean {
  const buffer: Transferable = view.buffer as Transferable;
  // A length of 0 here means that someone else transferred the buffer and may still reach the memory.
  if (view.length === 0 || buffer.transfer === undefined) return false;
  buffer.transfer(0);
  return view.length === 0;
}
