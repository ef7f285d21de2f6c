// Runs the four compilers and reads what emit.h left in their assembler output.

import { execFileSync } from "node:child_process";

/** Debian's names: the compiler, and the folder of the architecture's own headers. */
export const TARGETS = {
  x86_64: { compiler: "gcc", folder: "x86_64-linux-gnu" },
  ppc64le: { compiler: "powerpc64le-linux-gnu-gcc", folder: "powerpc64le-linux-gnu" },
  ppc64: { compiler: "powerpc64-linux-gnu-gcc", folder: "powerpc64-linux-gnu" },
  ppc32: { compiler: "powerpc-linux-gnu-gcc", folder: "powerpc-linux-gnu" },
};

/**
 * @param {keyof typeof TARGETS} arch
 * @param {string | undefined} headers root of an unpacked linux-libc-dev, instead of the installed one
 */
export function compilerFor(arch, headers) {
  const { compiler, folder } = TARGETS[arch];
  const include = headers === undefined ? [] : ["-nostdinc", `-I${headers}/usr/include/${folder}`];
  if (headers !== undefined) include.push(`-I${headers}/usr/include`);
  const run = (args, input) => execute(compiler, [...include, ...args], input);
  return {
    version: `${compiler} ${run(["-dumpfullversion"]).trim()}`,
    macros: (source) => run(["-E", "-dM", "-x", "c", "-"], source),
    text: (source) => run(["-E", "-P", "-x", "c", "-"], source),
    assembleFile: (file) => run(["-S", "-std=gnu17", "-o", "-", file]),
    assemble: (source, folderOfEmit) =>
      run(["-S", "-std=gnu17", `-I${folderOfEmit}`, "-x", "c", "-o", "-", "-"], source),
  };
}

function execute(compiler, args, input) {
  try {
    return execFileSync(compiler, args, { input, encoding: "utf8", maxBuffer: 1 << 26 });
  } catch (cause) {
    if (cause.code !== "ENOENT") throw cause;
    throw new Error(`${compiler} is not installed: vectors/README.md names the packages`, {
      cause,
    });
  }
}

/** The records of emit.h, as lists of words. @param {string} assembly */
export function records(assembly) {
  return [...assembly.matchAll(/\.ascii "@vector ([^"]*)"/g)].map(([, record]) =>
    record.split(" "),
  );
}
