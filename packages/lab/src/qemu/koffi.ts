/**
 * Where koffi is, which version it is, and what it loads on another processor.
 *
 * koffi 3.3 looks for its native half in a folder beside its own: @koromix/koffi-PLATFORM-ARCH of
 * the same version, ARCH as in process.arch.
 */

import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fieldsOf } from "./unknown.ts";

export interface Koffi {
  /** The package's own folder. */
  readonly folder: string;
  readonly version: string;
}

/** The koffi that host-linux of this installation uses. */
export function installedKoffi(): Koffi {
  const host = createRequire(import.meta.url).resolve("@iommukit/host-linux/package.json");
  return koffiOf(createRequire(host).resolve("koffi"));
}

/** The package that a file belongs to. */
export function koffiOf(file: string): Koffi {
  let folder = dirname(file);
  while (!isKoffi(folder)) {
    if (folder === dirname(folder)) throw new Error(`${file} is no file of koffi`);
    folder = dirname(folder);
  }
  return { folder, version: String(manifest(folder).get("version")) };
}

export function nativePackage(arch: string): string {
  return `@koromix/koffi-linux-${arch}`;
}

/** Where this copy of koffi looks for its native half. */
export function nativePlace({ folder }: Koffi, arch: string): string {
  return join(dirname(folder), nativePackage(arch));
}

function isKoffi(folder: string): boolean {
  return existsSync(join(folder, "package.json")) && manifest(folder).get("name") === "koffi";
}

function manifest(folder: string): ReadonlyMap<string, unknown> {
  return fieldsOf(JSON.parse(readFileSync(join(folder, "package.json"), "utf8")));
}
