/**
 * Kernels that were set up: what is kept about one, and whether it is still whole.
 */

import { readFile, stat } from "node:fs/promises";
import { isAbsolute, join, relative } from "node:path";
import { writeAtomically } from "./cache.ts";
import { sha256 } from "./packages.ts";
import { fieldsOf } from "./unknown.ts";

/** A kernel to boot: the user's own, or one that was set up. */
export interface Kernel {
  /** The file that QEMU loads. */
  readonly image: string;
  /** lib/modules/RELEASE, with modules.dep as depmod writes it. */
  readonly modulesDir: string;
}

export interface InstalledKernel extends Kernel {
  /** As `uname -r` prints it. */
  readonly release: string;
  readonly packageName: string;
  readonly version: string;
  /** Of the package that it came from. */
  readonly sha256: string;
  /** Of the file that QEMU loads. */
  readonly imageSha256: string;
}

export function kernelsFolder(cache: string, suite: string): string {
  return join(cache, "kernels", suite);
}

/** The kernel that was set up last, if it is complete and undamaged. */
export async function findKernel(
  cache: string,
  suite: string,
  metaPackage: string,
): Promise<InstalledKernel | undefined> {
  const folder = kernelsFolder(cache, suite);
  const record = await readRecord(join(folder, `${metaPackage}.json`));
  if (record === undefined) return undefined;
  const kernel = {
    ...record,
    image: join(folder, record.image),
    modulesDir: join(folder, record.modulesDir),
  };
  return (await isWhole(kernel)) ? kernel : undefined;
}

/** Paths are kept relative, so that the cache can be moved. */
export async function recordKernel(
  cache: string,
  suite: string,
  metaPackage: string,
  kernel: InstalledKernel,
): Promise<void> {
  const folder = kernelsFolder(cache, suite);
  const record: InstalledKernel = {
    ...kernel,
    image: relative(folder, kernel.image),
    modulesDir: relative(folder, kernel.modulesDir),
  };
  const text = `${JSON.stringify(record, null, 2)}\n`;
  await writeAtomically(join(folder, `${metaPackage}.json`), text);
}

async function readRecord(path: string): Promise<InstalledKernel | undefined> {
  try {
    return kernelRecord(fieldsOf(JSON.parse(await readFile(path, "utf8"))));
  } catch {
    return undefined;
  }
}

/** A damaged record is like none: the kernel is then set up again. */
function kernelRecord(fields: ReadonlyMap<string, unknown>): InstalledKernel {
  const text = (name: keyof InstalledKernel): string => {
    const value = fields.get(name);
    if (typeof value !== "string" || value === "" || isAbsolute(value)) throw new TypeError(name);
    return value;
  };
  return {
    image: text("image"),
    modulesDir: text("modulesDir"),
    release: text("release"),
    packageName: text("packageName"),
    version: text("version"),
    sha256: text("sha256"),
    imageSha256: text("imageSha256"),
  };
}

async function isWhole(kernel: InstalledKernel): Promise<boolean> {
  try {
    await stat(join(kernel.modulesDir, "modules.dep"));
    return (await sha256(kernel.image)) === kernel.imageSha256;
  } catch {
    return false;
  }
}
