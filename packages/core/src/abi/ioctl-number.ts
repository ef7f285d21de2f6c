// ioctl numbers from a profile: _IO, _IOR, _IOW and _IOWR, generic and PowerPC.
//
// A number is never written down, because it is not one number: _IO(';', 100) is 0x3b64 on x86 and
// 0x20003b64 on every PowerPC. A command is a descriptor that belongs to one kind of file
// descriptor; two commands may share a number (VFIO_IOMMU_MAP_DMA and VFIO_DEVICE_PCI_HOT_RESET
// do), so nothing here maps a number back to a name.
//
// Rests on include/uapi/asm-generic/ioctl.h and arch/powerpc/include/uapi/asm/ioctl.h (6.12).

import { IommuError } from "../errors/base.ts";
import type { AbiProfile, IoctlEncoding } from "./profile.ts";

export type IoctlDirection = "none" | "read" | "write" | "read-write";

export interface IoctlCommand {
  /** As seen by user space: `read` means that the kernel writes the argument. */
  readonly direction: IoctlDirection;
  /** The driver's letter, 8 bits. */
  readonly type: number;
  /** The call within that letter, 8 bits. */
  readonly number: number;
  /** Bytes of the argument, as far as the number encodes it. 0 for `_IO`. */
  readonly size: number;
}

interface Encoding {
  readonly sizeBits: number;
  readonly directions: Readonly<Record<IoctlDirection, number>>;
}

const ENCODINGS: Readonly<Record<IoctlEncoding, Encoding>> = {
  generic: { sizeBits: 14, directions: { none: 0, write: 1, read: 2, "read-write": 3 } },
  powerpc: { sizeBits: 13, directions: { none: 1, read: 2, write: 4, "read-write": 6 } },
};

const NUMBER_BITS = 8;
const TYPE_BITS = 8;
const SIZE_SHIFT: number = NUMBER_BITS + TYPE_BITS;

/** `_IO(type, number)`. Valid errors: `invalid-argument`. */
export function io(type: number, number: number): IoctlCommand {
  return command("none", type, number, 0);
}

/** `_IOR(type, number, size)`: the kernel writes `size` bytes. Valid errors: `invalid-argument`. */
export function ior(type: number, number: number, size: number): IoctlCommand {
  return command("read", type, number, size);
}

/** `_IOW(type, number, size)`: the kernel reads `size` bytes. Valid errors: `invalid-argument`. */
export function iow(type: number, number: number, size: number): IoctlCommand {
  return command("write", type, number, size);
}

/** `_IOWR(type, number, size)`: the kernel does both. Valid errors: `invalid-argument`. */
export function iowr(type: number, number: number, size: number): IoctlCommand {
  return command("read-write", type, number, size);
}

/**
 * The request number of a command under a profile, unsigned: 0 to 2^32 - 1.
 *
 * Valid errors: `invalid-argument` (the size does not fit this encoding's size bits).
 */
export function ioctlNumber(
  abi: AbiProfile,
  { direction, type, number, size }: IoctlCommand,
): number {
  const { sizeBits, directions } = ENCODINGS[abi.ioctlEncoding];
  if (size >= 2 ** sizeBits)
    refuse(`an argument of ${size} bytes has no ioctl number on ${abi.arch}`);
  const direct = directions[direction] << (SIZE_SHIFT + sizeBits);
  // `>>> 0`: bit 31 is a direction bit in both encodings, and the request is an unsigned word.
  return (direct | (size << SIZE_SHIFT) | (type << NUMBER_BITS) | number) >>> 0;
}

function command(
  direction: IoctlDirection,
  type: number,
  number: number,
  size: number,
): IoctlCommand {
  if ((type & 0xff) !== type) refuse(`an ioctl's type is 8 bits, not ${type}`);
  if ((number & 0xff) !== number) refuse(`an ioctl's number is 8 bits, not ${number}`);
  if (size >>> 0 !== size) refuse(`an ioctl's argument size is not ${size}`);
  return { direction, type, number, size };
}

function refuse(sentence: string): never {
  throw new IommuError({ code: "invalid-argument", operation: "ioctl number", sentence });
}
