// What differs between the kernels' binary interfaces: four profiles.
//
// Every number and every byte that crosses the port is computed from one of these, so that no other
// file asks which machine it runs on. The page size is a parameter and never a constant: a 64-bit
// POWER kernel may use 4 KiB or 64 KiB pages, and only the running kernel knows which.

import { IommuError } from "../errors/base.ts";

/** The architectures whose kernels this library speaks to; vectors/ has a file for each. */
export type Arch = "x86_64" | "ppc64le" | "ppc64" | "ppc32";
/** Of every number in a kernel struct: VFIO has no field of a fixed order. */
export type ByteOrder = "little" | "big";
/** How `_IO(type, number)` is packed: `generic` is asm-generic/ioctl.h, `powerpc` its override. */
export type IoctlEncoding = "generic" | "powerpc";

/** What all numbers and bytes that cross the port are computed from. */
export interface AbiProfile {
  readonly arch: Arch;
  readonly byteOrder: ByteOrder;
  /** Bits of a C pointer and of `unsigned long`. */
  readonly wordBits: 32 | 64;
  /** Bytes of a CPU page, as the kernel answers `sysconf(_SC_PAGESIZE)`. */
  readonly pageSize: number;
  readonly ioctlEncoding: IoctlEncoding;
}

type ArchFacts = Omit<AbiProfile, "pageSize">;

const FACTS: Readonly<Record<Arch, ArchFacts>> = {
  x86_64: { arch: "x86_64", byteOrder: "little", wordBits: 64, ioctlEncoding: "generic" },
  ppc64le: { arch: "ppc64le", byteOrder: "little", wordBits: 64, ioctlEncoding: "powerpc" },
  ppc64: { arch: "ppc64", byteOrder: "big", wordBits: 64, ioctlEncoding: "powerpc" },
  ppc32: { arch: "ppc32", byteOrder: "big", wordBits: 32, ioctlEncoding: "powerpc" },
};

/** The architectures in the order in which tables and reports list them. */
export const ARCHES: readonly Arch[] = ["x86_64", "ppc64le", "ppc64", "ppc32"];

/** Whether a string (an option, a file name) names one of the architectures. */
export function isArch(name: string): name is Arch {
  return Object.hasOwn(FACTS, name);
}

/**
 * The profile of an architecture at the page size that its kernel reports.
 *
 * Valid errors: `invalid-argument`.
 */
export function abiProfile(arch: Arch, pageSize: number): AbiProfile {
  if (!isArch(arch)) refuse(`${String(arch)} is not an architecture of this library`, { arch });
  if (!isPageSize(pageSize))
    refuse("a page size is a power of two of 4 KiB to 16 MiB", { pageSize });
  return Object.freeze({ ...FACTS[arch], pageSize });
}

/** The byte order of the machine that runs this program, which a profile need not share. */
export const MACHINE_BYTE_ORDER: ByteOrder =
  new Uint8Array(new Uint32Array([1]).buffer)[0] === 1 ? "little" : "big";

function isPageSize(value: number): boolean {
  return Number.isInteger(Math.log2(value)) && value >= 4096 && value <= 16 * 1024 * 1024;
}

function refuse(sentence: string, facts: Record<string, string | number>): never {
  throw new IommuError({ code: "invalid-argument", operation: "abiProfile", sentence, facts });
}
