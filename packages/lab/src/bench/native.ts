// Compiles the C halves of the benchmarks, on the machine that they run on.

import { join } from "node:path";
import { LabError } from "../errors.ts";
import { execute } from "../qemu/execute.ts";
import { requireTool, type Tool } from "../qemu/tools.ts";

const GCC: Tool = {
  name: "gcc",
  purpose: "compile the loops that benchmarks are compared with",
  packages: { debian: "gcc libc6-dev", fedora: "gcc glibc-devel", arch: "gcc" },
};

/**
 * Makes a shared object of bench/native/loops.c in `into` and answers its path.
 *
 * Valid errors: `tool-missing` (no gcc), `file-invalid` (it does not compile), `aborted`.
 */
export async function compileLoops(
  bench: string,
  into: string,
  signal: AbortSignal,
): Promise<string> {
  const source = join(bench, "native", "loops.c");
  const library = join(into, "loops.so");
  const args = ["-O2", "-std=gnu11", "-Wall", "-shared", "-fPIC", "-o", library, source];
  const { status, stderr } = await execute(requireTool(GCC), args, { signal });
  if (status === 0) return library;
  throw new LabError("file-invalid", `gcc refuses ${source}:\n${stderr.trimEnd()}`, {
    hint: "linux/vfio.h comes with linux-libc-dev (Debian) or kernel-headers (Fedora)",
  });
}
