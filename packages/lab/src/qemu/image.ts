/**
 * Builds the initramfs of a machine: busybox, the modules, the first program.
 *
 * It is kept in the cache under the hash of all that goes into it, so another kernel, a rebuilt
 * module or a new version of this program never meets a stale image.
 */

import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { writeAtomically } from "./cache.ts";
import { cpioArchive, type Entry } from "./cpio.ts";
import { hasInterpreter } from "./elf.ts";
import { QemuError } from "./errors.ts";
import { type GuestRoot, ROOT_BUSYBOX } from "./guest-root.ts";
import { INIT_SCRIPT, LAYER_LIST, MODULE_LIST } from "./init.ts";
import type { Kernel } from "./kernel.ts";
import { type Machine, type ModuleToLoad, OWN_ROOT_TAG, SHARE_TAG } from "./machine.ts";
import { loadOrder, moduleName, readModule, readModuleIndex } from "./modules.ts";
import { BUSYBOX, remedy, requireTool } from "./tools.ts";

export interface ImageRequest {
  readonly machine: Machine;
  readonly kernel: Kernel;
  /** The guest's own root, for a machine that needs one. */
  readonly root?: GuestRoot | undefined;
  readonly cache: string;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Returns the path of the image, built now or before.
 *
 * Valid errors: `tool-missing`, `busybox-not-static`, `module-missing`, `file-unreadable`,
 * `aborted`.
 */
export async function ensureImage(request: ImageRequest): Promise<string> {
  const { machine, kernel, root, cache, signal } = request;
  const busybox = await readBusybox(
    root === undefined ? requireTool(BUSYBOX) : join(root.path, ROOT_BUSYBOX),
  );
  const index = await readModuleIndex(kernel.modulesDir);
  const names = machine.modules.map(({ name }) => name);
  const files = loadOrder(index, names).map((file) => join(kernel.modulesDir, file));
  const list = moduleList(files, machine.modules);
  const layers = layerList(root);
  const path = join(cache, "images", `${await fingerprint(busybox, list + layers, files)}.cpio.gz`);
  if (existsSync(path)) return path;
  const modules = await Promise.all(files.map((file) => readModule(file, signal)));
  const entries = [
    ...initramfs(busybox, list, new Map(files.map((file, i) => [file, modules[i]]))),
    { type: "file", path: LAYER_LIST, content: layers } as const,
  ];
  // Level 1: the emulated processor decompresses, and a smaller file gains nothing there.
  await writeAtomically(path, gzipSync(cpioArchive(entries), { level: 1 }));
  return path;
}

/** A line for each module: its file's name in the image, then its parameters. */
export function moduleList(files: readonly string[], modules: readonly ModuleToLoad[]): string {
  const parameters = new Map(modules.map(({ name, parameters = "" }) => [name, parameters]));
  return files
    .map((file) => `${imageName(file)} ${parameters.get(moduleName(file)) ?? ""}`.trimEnd())
    .map((line) => `${line}\n`)
    .join("");
}

/** The tags of the shares, the uppermost layer first. */
export function layerList(root: GuestRoot | undefined): string {
  const tags = root === undefined ? [SHARE_TAG] : [OWN_ROOT_TAG, SHARE_TAG];
  return tags.map((tag) => `${tag}\n`).join("");
}

function initramfs(
  busybox: Buffer,
  list: string,
  modules: ReadonlyMap<string, Buffer | undefined>,
): Entry[] {
  const folders = ["bin", "dev", "proc", "sys", "modules", "lower", "upper", "root"];
  return [
    ...folders.map((path): Entry => ({ type: "directory", path })),
    { type: "file", path: "bin/busybox", content: busybox, executable: true },
    { type: "file", path: "init", content: INIT_SCRIPT, executable: true },
    { type: "file", path: MODULE_LIST, content: list },
    ...[...modules].map(
      ([file, content]): Entry => ({
        type: "file",
        path: `modules/${imageName(file)}`,
        content: content ?? "",
      }),
    ),
  ];
}

function imageName(file: string): string {
  return `${moduleName(file)}.ko`;
}

/** Sizes and times stand for the modules' contents: reading them all takes longer than booting. */
async function fingerprint(
  busybox: Buffer,
  list: string,
  files: readonly string[],
): Promise<string> {
  const hash = createHash("sha256").update(INIT_SCRIPT).update(list).update(busybox);
  for (const file of files) {
    try {
      const { size, mtimeMs } = await stat(file);
      hash.update(`${file} ${size} ${mtimeMs}\n`);
    } catch (cause) {
      throw new QemuError("file-unreadable", "A kernel module is listed but not there.", {
        facts: { file },
        hint: "run depmod again, or set the kernel up again",
        cause,
      });
    }
  }
  return hash.digest("hex").slice(0, 32);
}

async function readBusybox(path: string): Promise<Buffer> {
  const busybox = await readFile(path);
  if (!hasInterpreter(busybox)) return busybox;
  throw new QemuError("busybox-not-static", "busybox must be linked statically.", {
    facts: { busybox: path },
    hint: remedy(BUSYBOX),
  });
}
