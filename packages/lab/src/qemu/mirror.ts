/**
 * Finds the Debian mirror that this machine already uses.
 *
 * No mirror is written into this program: which one is near, allowed or reachable is known only
 * to this machine's own apt configuration, so that is what is asked.
 */

import { parseStanzas, type Stanza } from "./deb822.ts";
import { QemuError } from "./errors.ts";
import { execute } from "./execute.ts";
import { APT, requireTool } from "./tools.ts";

/** Valid errors: `tool-missing`, `mirror-unknown`, `aborted`. */
export async function findMirror(signal?: AbortSignal): Promise<string> {
  const { stdout } = await execute(requireTool(APT), ["indextargets", "Created-By: Packages"], {
    signal,
  });
  const mirror = chooseMirror(stdout.toString());
  if (mirror !== undefined) return mirror;
  throw new QemuError("mirror-unknown", "This machine's apt uses no Debian mirror.", {
    hint: "name a mirror that serves Debian 13, or give a kernel and its modules yourself",
  });
}

/** Picks from what `apt-get indextargets` prints; undefined if nothing there is Debian's archive. */
export function chooseMirror(indexTargets: string): string | undefined {
  const archives = parseStanzas(indexTargets).filter(isDebianArchive);
  return archives[0]?.get("site");
}

/** Origin and label are known only after a first `apt-get update`; until then the path decides. */
function isDebianArchive(target: Stanza): boolean {
  if (target.get("component") !== "main") return false;
  const origin = target.get("origin") ?? "";
  if (origin !== "") return origin === "Debian" && target.get("label") === "Debian";
  return /\/debian\/?$/.test(target.get("site") ?? "");
}
