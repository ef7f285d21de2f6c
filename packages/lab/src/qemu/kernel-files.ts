/**
 * The files of a kernel that a boot reads, and their digests.
 *
 * A kernel has thousands of modules and the machines need a handful: those are cheap enough to be
 * checked before every run.
 */

import { existsSync } from "node:fs";
import { join } from "node:path";
import { sha256 } from "./download.ts";
import { loadOrder, moduleName, readModuleIndex } from "./modules.ts";

/** From a file, relative to the kernel's modules, to its SHA-256. */
export type Digests = Readonly<Record<string, string>>;

const INDEX = ["modules.dep", "modules.builtin"];

/**
 * The index, and the modules named with all that they need. A module that the kernel lacks is no
 * damage; a run that needs it says so.
 *
 * Valid errors: `file-unreadable`.
 */
export async function neededFiles(
  modulesDir: string,
  modules: readonly string[],
): Promise<readonly string[]> {
  const index = await readModuleIndex(modulesDir);
  const there = modules.filter((name) => index.files.has(moduleName(name)));
  const indexFiles = INDEX.filter((name) => existsSync(join(modulesDir, name)));
  return [...indexFiles, ...loadOrder(index, there)];
}

export async function digestsOf(folder: string, files: readonly string[]): Promise<Digests> {
  const digest = async (file: string) => [file, await sha256(join(folder, file))] as const;
  return Object.fromEntries(await Promise.all(files.map(digest)));
}

/** The first file that is not there or not what it was. */
export async function damagedFile(folder: string, digests: Digests): Promise<string | undefined> {
  for (const [file, promised] of Object.entries(digests)) {
    const path = join(folder, file);
    if ((await sha256(path).catch(() => undefined)) !== promised) return path;
  }
  return undefined;
}
