// The bytes of a call, written by hand from include/uapi/linux/vfio.h.
//
// For the cases only, on any kernel. It shares no table with core nor with the simulated kernel, so
// that a wrong offset of either shows.

import type { KernelPort } from "@iommukit/core/port";

type Abi = KernelPort["abi"];

/** Offset, bytes and value of one field. */
export type Field = readonly [offset: number, width: 2 | 4 | 8, value: bigint | number];

/** `_IO(';', 100 + command)` in the encoding of the kernel's architecture. */
export function request(abi: Abi, command: number): number {
  return (abi.ioctlEncoding === "powerpc" ? 0x2000_0000 : 0) + 0x3b64 + command;
}

/** A buffer of `fill` bytes with fields in the kernel's byte order. */
export function struct(abi: Abi, size: number, fields: readonly Field[], fill = 0): Uint8Array {
  const bytes = new Uint8Array(size).fill(fill);
  const view = new DataView(bytes.buffer);
  const little = abi.byteOrder === "little";
  for (const [offset, width, value] of fields) {
    const wanted = BigInt.asUintN(8 * width, BigInt(value));
    if (width === 8) view.setBigUint64(offset, wanted, little);
    else if (width === 4) view.setUint32(offset, Number(wanted), little);
    else view.setUint16(offset, Number(wanted), little);
  }
  return bytes;
}

export function readField(abi: Abi, bytes: Uint8Array, offset: number, width: 2 | 4 | 8): bigint {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const little = abi.byteOrder === "little";
  if (width === 8) return view.getBigUint64(offset, little);
  return BigInt(width === 4 ? view.getUint32(offset, little) : view.getUint16(offset, little));
}

/** A NUL-terminated C string. */
export function cString(text: string): Uint8Array {
  return Uint8Array.from(`${text}\0`, (character) => character.charCodeAt(0));
}
