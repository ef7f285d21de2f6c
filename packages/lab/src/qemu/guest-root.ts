/**
 * The root of a guest whose processor is not this machine's: what is kept about one, and whether
 * it is still whole.
 *
 * It holds Node with its libraries, a static busybox, and the native half of koffi. The guest
 * layers it on top of this machine's files, so programs find themselves where they are here.
 */

import { readFile } from "node:fs/promises";
import { isAbsolute, join, relative } from "node:path";
import { writeAtomically } from "./cache.ts";
import type { Digests } from "./kernel-files.ts";
import { type Trust, unsealedDamage } from "./sealed-files.ts";
import { fieldsOf } from "./unknown.ts";

/** Paths below the root. */
export const ROOT_NODE = "usr/bin/node";
export const ROOT_BUSYBOX = "usr/bin/busybox";
export const ROOT_KOFFI = "usr/lib/iommukit/koffi";

export interface GuestRoot {
  readonly path: string;
  /** As `node --version` tells it, without the v. */
  readonly node: string;
  /** koffi's native half fits exactly this version of the rest of it. */
  readonly koffi: string;
  /** The packages that were asked for, with a space between them. */
  readonly packages: string;
  /** Of every file below `path`. */
  readonly fileSha256: Digests;
}

export type GuestRootState =
  | { readonly state: "ready"; readonly root: GuestRoot }
  | { readonly state: "absent" }
  /** `file`: the first that is not what was set up. */
  | { readonly state: "damaged"; readonly file: string };

export function rootsFolder(cache: string, suite: string): string {
  return join(cache, "roots", suite);
}

/** The root that was set up last. Reads all of it, 170 MB, unless a seal vouches for it. */
export async function inspectGuestRoot(
  cache: string,
  suite: string,
  architecture: string,
  trust: Trust = "seal",
): Promise<GuestRootState> {
  const folder = rootsFolder(cache, suite);
  const record = await readRecord(join(folder, `${architecture}.json`));
  if (record === undefined) return { state: "absent" };
  const root = { ...record, path: join(folder, record.path) };
  const sets = [{ folder: root.path, digests: root.fileSha256 }];
  const file = await unsealedDamage(join(folder, `${architecture}.seal`), sets, trust);
  return file === undefined ? { state: "ready", root } : { state: "damaged", file };
}

/** The path is kept relative, so that the cache can be moved. */
export async function recordGuestRoot(
  cache: string,
  suite: string,
  architecture: string,
  root: GuestRoot,
): Promise<void> {
  const folder = rootsFolder(cache, suite);
  const record: GuestRoot = { ...root, path: relative(folder, root.path) };
  const text = `${JSON.stringify(record, null, 2)}\n`;
  await writeAtomically(join(folder, `${architecture}.json`), text);
}

async function readRecord(path: string): Promise<GuestRoot | undefined> {
  try {
    return rootRecord(fieldsOf(JSON.parse(await readFile(path, "utf8"))));
  } catch {
    return undefined;
  }
}

/** A damaged record is like none: the root is then set up again. */
function rootRecord(fields: ReadonlyMap<string, unknown>): GuestRoot {
  const text = (name: string, value: unknown): string => {
    if (typeof value !== "string" || value === "" || isAbsolute(value)) throw new TypeError(name);
    return value;
  };
  const digests = [...fieldsOf(fields.get("fileSha256"))].map(
    ([file, digest]) => [text("file", file), text(file, digest)] as const,
  );
  if (digests.length === 0) throw new TypeError("fileSha256");
  return {
    path: text("path", fields.get("path")),
    node: text("node", fields.get("node")),
    koffi: text("koffi", fields.get("koffi")),
    packages: text("packages", fields.get("packages")),
    fileSha256: Object.fromEntries(digests),
  };
}
