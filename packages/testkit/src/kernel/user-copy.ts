// copy_from_user and copy_to_user: the argument of an ioctl as the kernel sees it.
//
// A byte array stands for the caller's buffer; beyond its end lies, as far as the kernel can tell,
// a page that is not mapped. A number is the argument register itself, so for a command that takes a
// pointer it is an address in the process (0 is NULL).

import { type StructTable, StructView } from "./decode/struct-view.ts";
import type { ByteOrder } from "./port-types.ts";
import type { AddressSpace } from "./user-memory.ts";

export interface UserPointer {
  /** The argument as it stands in the register: a value, or the pointer's own bits. */
  readonly register: number;
  /** Bytes of the user's memory, or undefined for a fault. They may alias it: do not keep them. */
  read(offset: number, length: number): Uint8Array | undefined;
  /** Whether all bytes were written; up to the fault they are, as on real hardware. */
  write(offset: number, from: Uint8Array): boolean;
}

/** What a pointer to the caller's stack looks like to a command that expects a small number. */
const STACK_POINTER = 0x7ffd_1000_0000;

export function userPointer(argument: Uint8Array | number, space: AddressSpace): UserPointer {
  return typeof argument === "number"
    ? addressPointer(argument, space)
    : new ArrayPointer(argument);
}

/** A pointer that was found inside a struct. */
function addressPointer(address: number, space: AddressSpace): UserPointer {
  return {
    register: address,
    read(offset, length) {
      const bytes = new Uint8Array(length);
      return space.read(address + offset, bytes) === length ? bytes : undefined;
    },
    write: (offset, from) => space.write(address + offset, from) === from.length,
  };
}

/** Copies a struct in; a view over the kernel's own copy, so that a failed call changes nothing. */
export function copyStruct<F extends string>(
  from: UserPointer,
  table: StructTable<F>,
  order: ByteOrder,
  length: number = table.size,
): { readonly bytes: Uint8Array; readonly view: StructView<F> } | undefined {
  const user = from.read(0, length);
  if (user === undefined) return undefined;
  const bytes = new Uint8Array(table.size);
  bytes.set(user);
  return { bytes, view: new StructView(table, bytes, order) };
}

/**
 * The same struct where it lies, when the caller's buffer allows it: for calls that read all of it before
 * they change anything, and write to it only when they have succeeded.
 */
export function borrowStruct(from: UserPointer, table: StructTable): Uint8Array | undefined {
  return from.read(0, table.size);
}

/** A class, not closures over the array: every system call makes one. */
class ArrayPointer implements UserPointer {
  readonly register: number = STACK_POINTER;
  readonly #buffer: Uint8Array;

  constructor(buffer: Uint8Array) {
    this.#buffer = buffer;
  }

  read(offset: number, length: number): Uint8Array | undefined {
    const buffer = this.#buffer;
    if (offset === 0 && length === buffer.length) return buffer;
    return offset + length <= buffer.length ? buffer.subarray(offset, offset + length) : undefined;
  }

  write(offset: number, from: Uint8Array): boolean {
    if (from === this.#buffer && offset === 0) return true;
    const room = Math.max(0, this.#buffer.length - offset);
    if (room > 0) this.#buffer.set(from.length <= room ? from : from.subarray(0, room), offset);
    return from.length <= room;
  }
}
