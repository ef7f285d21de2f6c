// Compiles the C halves of the benchmarks, here, for the processor that they run on.

import { join } from "node:path";
import { LabError } from "../errors.ts";
import { execute } from "../qemu/execute.ts";
import { requireTool, type Tool } from "../qemu/tools.ts";

const GCC: Tool = {
  name: "gcc",
  purpose: "compile the loops that benchmarks are compared with",
  packages: { debian: "gcc libc6-dev", fedora: "gcc glibc-devel", arch: "gcc" },
};

/** Compilers for other processors, as Node calls these. */
const CROSS: ReadonlyMap<string, Tool> = new Map([
  [
    "ppc64",
    {
      ...GCC,
      name: "powerpc64le-linux-gnu-gcc",
      packages: {
        debian: "gcc-powerpc64le-linux-gnu libc6-dev-ppc64el-cross",
        fedora: "gcc-powerpc64le-linux-gnu",
        arch: "powerpc64le-linux-gnu-gcc",
      },
    },
  ],
]);

export interface LoopsRequest {
  /** The folder of the benchmarks. */
  readonly bench: string;
  readonly into: string;
  /** As Node's process.arch calls the processor that runs them. Default: this machine's. */
  readonly arch?: string | undefined;
  readonly signal: AbortSignal;
}

/**
 * Makes a shared object of bench/native/loops.c in `into` and answers its path.
 *
 * Valid errors: `tool-missing` (no gcc), `file-invalid` (it does not compile), `aborted`.
 */
export async function compileLoops(request: LoopsRequest): Promise<string> {
  const { bench, into, arch = process.arch, signal } = request;
  const compiler = arch === process.arch ? GCC : (CROSS.get(arch) ?? GCC);
  const source = join(bench, "native", "loops.c");
  const library = join(into, "loops.so");
  const args = ["-O2", "-std=gnu11", "-Wall", "-shared", "-fPIC", "-o", library, source];
  const { status, stderr } = await execute(requireTool(compiler), args, { signal });
  if (status === 0) return library;
  throw new LabError("file-invalid", `gcc refuses ${source}:\n${stderr.trimEnd()}`, {
    hint: "linux/vfio.h comes with linux-libc-dev (Debian) or kernel-headers (Fedora)",
  });
}
