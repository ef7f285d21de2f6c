// UNSAFE: the address of a typed array's bytes, kept while the array is; sound because the bytes of an
// array never move once their address was asked for: V8 takes them out of its heap then, a resizable
// buffer grows in place, and what is transferred or detached leaves an array of length 0 behind, which
// callers refuse before every call. The array is held here, so its memory is not given to another.
//
// For ioctls made again and again with the same buffer: koffi turns a number into a pointer in 680
// instructions, a typed array in 896, for each map and each unmap (x86-64, Node 24).
// Must never be asked about an array that is empty or detached.

import koffi from "koffi";

const SLOTS = 64;
/** Longer arrays are not held back from the garbage collector. */
const LONGEST = 256;

interface Slot {
  readonly array: Uint8Array;
  readonly address: number;
}

/** The addresses of the arrays last used, one for each slot. */
export class ArgumentAddresses {
  readonly #slots: (Slot | undefined)[] = Array.from({ length: SLOTS }, () => undefined);

  /** The address of the array's first byte, or 0 for an array that is too long to be remembered. */
  of(fd: number, request: number, array: Uint8Array): number {
    const slot = this.#slots[(fd * 2 + request) & (SLOTS - 1)];
    return slot !== undefined && slot.array === array
      ? slot.address
      : this.#remember(fd, request, array);
  }

  #remember(fd: number, request: number, array: Uint8Array): number {
    if (array.length > LONGEST) return 0;
    const address = Number(koffi.address(array));
    this.#slots[(fd * 2 + request) & (SLOTS - 1)] = { array, address };
    return address;
  }
}
