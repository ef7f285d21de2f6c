// The binary interface of the machine that runs this process.
//
// For `linuxHost().abi`: ioctl numbers and struct layouts are computed from it.
// Must never guess: an architecture whose layouts were not checked against a C compiler is refused.
// Rests on process.arch, os.endianness() and getpagesize(2); a ppc64 kernel has 4 or 64 KiB pages.

import { type AbiProfile, type Arch, abiProfile, IommuError } from "@iommukit/core";

/** What Node says of a machine, and the kernel of its pages. */
export interface MachineFacts {
  /** As Node names it: `x64`, `ppc64`, … */
  readonly arch: string;
  readonly endianness: "LE" | "BE";
  readonly pageSize: number;
}

const ARCHES: ReadonlyMap<string, Arch> = new Map([
  ["x64 LE", "x86_64"],
  ["ppc64 LE", "ppc64le"],
  ["ppc64 BE", "ppc64"],
  ["ppc BE", "ppc32"],
]);

/**
 * The profile of a machine.
 *
 * Valid errors: `not-offered` (an architecture without a profile), `invalid-argument` (page size).
 */
export function detectAbi(machine: MachineFacts): AbiProfile {
  const arch = ARCHES.get(`${machine.arch} ${machine.endianness}`);
  if (arch === undefined)
    throw new IommuError({
      code: "not-offered",
      operation: "linuxHost",
      sentence: `no ABI profile for ${machine.arch} (${machine.endianness})`,
      facts: { arch: machine.arch, endianness: machine.endianness, profiles: [...ARCHES.values()] },
      hint: "the simulated hosts run on any machine",
    });
  return abiProfile(arch, machine.pageSize);
}
