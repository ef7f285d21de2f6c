/**
 * Kernel modules: which files a machine needs, in the order in which they can be loaded, as
 * plain ELF.
 *
 * The order comes from modules.dep, the modules that are no files from modules.builtin, both as
 * depmod(8) and the kernel's build leave them.
 */

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { QemuError } from "./errors.ts";
import { execute } from "./execute.ts";
import { requireTool, type Tool, XZ, ZSTD } from "./tools.ts";

export interface ModuleIndex {
  /** From a module's name to its file, relative to the index. */
  readonly files: ReadonlyMap<string, string>;
  /** From a file to the files it needs, the one needed first standing last. */
  readonly needs: ReadonlyMap<string, readonly string[]>;
  readonly builtin: ReadonlySet<string>;
}

/** Valid errors: `file-unreadable`. */
export async function readModuleIndex(modulesDir: string): Promise<ModuleIndex> {
  try {
    const dep = await readFile(join(modulesDir, "modules.dep"), "utf8");
    const builtin = await readFile(join(modulesDir, "modules.builtin"), "utf8").catch(() => "");
    return parseModuleIndex(dep, builtin);
  } catch (cause) {
    throw new QemuError("file-unreadable", "This is not a directory of kernel modules.", {
      facts: { directory: modulesDir },
      hint:
        "give lib/modules/RELEASE; if it has no modules.dep, run depmod -b on the directory " +
        "above lib",
      cause,
    });
  }
}

export function parseModuleIndex(dep: string, builtin: string): ModuleIndex {
  const files = new Map<string, string>();
  const needs = new Map<string, readonly string[]>();
  for (const line of dep.split("\n")) {
    const [file, rest] = splitOnce(line, ":");
    if (rest === undefined) continue;
    files.set(moduleName(file), file);
    needs.set(file, rest.split(" ").filter(Boolean));
  }
  return { files, needs, builtin: new Set(builtin.split("\n").filter(Boolean).map(moduleName)) };
}

/**
 * The files to load, each after all that it needs, none twice. Built-in modules need no file.
 *
 * Valid errors: `module-missing`.
 */
export function loadOrder(index: ModuleIndex, names: readonly string[]): string[] {
  const order = new Set<string>();
  for (const name of names.map(moduleName)) {
    const file = index.files.get(name);
    if (file === undefined) {
      if (index.builtin.has(name)) continue;
      throw missing(name);
    }
    for (const needed of [...(index.needs.get(file) ?? [])].reverse()) order.add(needed);
    order.add(file);
  }
  return [...order];
}

/** The kernel takes "-" and "_" in a module's name for the same. */
export function moduleName(file: string): string {
  const base = file.slice(file.lastIndexOf("/") + 1);
  return base.replace(/\.ko(\.\w+)?$/, "").replaceAll("-", "_");
}

/**
 * A module's ELF file. Debian compresses with xz, others with zstd or gzip.
 *
 * Valid errors: `file-unreadable`, `tool-missing`, `aborted`.
 */
export async function readModule(path: string, signal?: AbortSignal): Promise<Buffer> {
  if (path.endsWith(".xz")) return decompress(XZ, path, signal);
  if (path.endsWith(".zst")) return decompress(ZSTD, path, signal);
  try {
    const content = await readFile(path);
    return path.endsWith(".gz") ? gunzipSync(content) : content;
  } catch (cause) {
    throw unreadable(path, String(cause), cause);
  }
}

async function decompress(tool: Tool, path: string, signal?: AbortSignal): Promise<Buffer> {
  const { status, stdout, stderr } = await execute(requireTool(tool), ["-dc", path], { signal });
  if (status !== 0) throw unreadable(path, stderr);
  return stdout;
}

function splitOnce(line: string, separator: string): [string, string | undefined] {
  const at = line.indexOf(separator);
  return at < 0 ? [line, undefined] : [line.slice(0, at), line.slice(at + separator.length)];
}

function missing(name: string): QemuError {
  return new QemuError("module-missing", `The kernel has no ${name}, as a module or built in.`, {
    facts: { module: name },
    hint: "use a kernel that was configured with it; Debian's are",
  });
}

function unreadable(path: string, reason: string, cause?: unknown): QemuError {
  return new QemuError("file-unreadable", "A kernel module could not be read.", {
    facts: { file: path, reason },
    hint: "run iommukit setup again; for a kernel of your own, install its package again",
    cause,
  });
}
