// This machine's Linux as a kernel port.
//
// For programs that run on real hardware, or inside a virtual machine. Must never be imported by core
// or by a backend: they know the port only.
// Rests on ./kernel-port.ts and on the machine's own facts.

import { endianness } from "node:os";
import { IommuError, type KernelPort } from "@iommukit/core";
import { detectAbi } from "./abi-detect.ts";
import { LinuxHost, type LinuxHostOptions } from "./kernel-port.ts";
import { libc, libcProblem } from "./native/libc.ts";

/**
 * A port to the running kernel. It holds nothing open by itself and needs no closing.
 *
 * Valid errors: `not-offered` (not Linux, no glibc, or an architecture without an ABI profile),
 * `invalid-argument` (an option).
 */
export function linuxHost(options: LinuxHostOptions = {}): KernelPort {
  if (process.platform !== "linux" || libcProblem !== undefined)
    throw new IommuError({
      code: "not-offered",
      operation: "linuxHost",
      sentence: `the Linux host needs Linux with glibc, and this is ${process.platform}`,
      facts: { platform: process.platform },
      hint: "the simulated hosts run on any machine",
      cause: libcProblem,
    });
  const machine = { arch: process.arch, endianness: endianness(), pageSize: libc.pageSize() };
  return new LinuxHost(libc, detectAbi(machine), options);
}
