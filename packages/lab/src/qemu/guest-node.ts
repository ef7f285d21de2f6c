/**
 * The Node of a guest whose processor is not this machine's: the build of nodejs.org, which npm has as a package.
 *
 * Debian's for ppc64el has neither V8's startup snapshot nor its code cache and compiles its own JavaScript at each
 * start: 10 to 12 s in a guest on a busy machine, where this one takes 3 s.
 */

import { mkdir, rename } from "node:fs/promises";
import { dirname, join } from "node:path";
import { ROOT_NODE } from "./guest-root.ts";
import { fetchFromNpm, type NpmRequest } from "./npm.ts";

/** The newest that npm has for 64-bit little-endian POWER. */
export const GUEST_NODE_VERSION = "20.11.0";

/** `arch` as in process.arch. The kernels that guests boot are little-endian, and the package is named for that. */
export function nodePackage(arch: string): string {
  return `node-linux-${arch === "ppc64" ? "ppc64le" : arch}`;
}

/** Puts the program alone into the root: neither its headers nor its documents. */
export async function addNode(tree: string, request: Omit<NpmRequest, "into">): Promise<void> {
  const into = join(request.scratch, "unpacked");
  await fetchFromNpm({ ...request, into });
  const place = join(tree, ROOT_NODE);
  await mkdir(dirname(place), { recursive: true });
  await rename(join(into, "bin/node"), place);
}
