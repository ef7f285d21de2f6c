/**
 * Kernels that were set up: what is kept about one, and whether it is still whole.
 */

import { readFile } from "node:fs/promises";
import { basename, dirname, isAbsolute, join, relative } from "node:path";
import { writeAtomically } from "./cache.ts";
import { type Digests, neededFiles } from "./kernel-files.ts";
import { type Trust, unsealedDamage } from "./sealed-files.ts";
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
  /** Of what the machines read below `modulesDir`. */
  readonly moduleSha256: Digests;
}

export type KernelState =
  | { readonly state: "ready"; readonly kernel: InstalledKernel }
  | { readonly state: "absent" }
  /** `file`: the first that is not what was set up. */
  | { readonly state: "damaged"; readonly kernel: InstalledKernel; readonly file: string };

export function kernelsFolder(cache: string, suite: string): string {
  return join(cache, "kernels", suite);
}

/** The kernel that was set up last. Reads what a boot will read of it, 60 MB, unless a seal vouches for it. */
export async function inspectKernel(
  cache: string,
  suite: string,
  metaPackage: string,
  trust: Trust = "seal",
): Promise<KernelState> {
  const folder = kernelsFolder(cache, suite);
  const record = await readRecord(join(folder, `${metaPackage}.json`));
  if (record === undefined) return { state: "absent" };
  const kernel = {
    ...record,
    image: join(folder, record.image),
    modulesDir: join(folder, record.modulesDir),
  };
  const sets = [
    { folder: dirname(kernel.image), digests: { [basename(kernel.image)]: kernel.imageSha256 } },
    { folder: kernel.modulesDir, digests: kernel.moduleSha256 },
  ];
  const file = await unsealedDamage(join(folder, `${metaPackage}.seal`), sets, trust);
  return file === undefined ? { state: "ready", kernel } : { state: "damaged", kernel, file };
}

/** For setting up: the kernel if all of it, read anew, is whole and each file that these modules need is vouched for. */
export async function findKernel(
  cache: string,
  suite: string,
  metaPackage: string,
  modules: readonly string[] = [],
): Promise<InstalledKernel | undefined> {
  const found = await inspectKernel(cache, suite, metaPackage, "nothing");
  if (found.state !== "ready") return undefined;
  const needed = await neededFiles(found.kernel.modulesDir, modules).catch(() => undefined);
  const isVouched = needed?.every((file) => Object.hasOwn(found.kernel.moduleSha256, file));
  return isVouched === true ? found.kernel : undefined;
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
    moduleSha256: digests(fields.get("moduleSha256")),
  };
}

/** A record of an older version has none: such a kernel runs, and setting up replaces it. */
function digests(value: unknown): Digests {
  const entries = [...fieldsOf(value)].map(([file, digest]) => {
    if (typeof digest !== "string" || isAbsolute(file)) throw new TypeError(file);
    return [file, digest] as const;
  });
  return Object.fromEntries(entries);
}
