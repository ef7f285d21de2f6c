/**
 * Debian packages: looks one up in the signed index, fetches it, checks it.
 *
 * Kernels are found through the meta-package, because a point release removes the versioned
 * package of the one before from the archive.
 */

import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { type AptState, parseAptProgress } from "./apt.ts";
import { writeAtomically } from "./cache.ts";
import { type Dependency, parseDepends, parseStanzas, type Stanza } from "./deb822.ts";
import { QemuError } from "./errors.ts";
import { type Executed, execute } from "./execute.ts";
import { APT, APT_CACHE, requireTool, type Tool } from "./tools.ts";

export interface Progress {
  readonly label: string;
  readonly received: number;
  readonly total: number;
}

export interface Watch {
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: Progress) => void) | undefined;
}

export interface PackageRecord {
  readonly name: string;
  readonly version: string;
  readonly size: number;
  readonly sha256: string;
  readonly depends: readonly (readonly Dependency[])[];
}

/** Valid errors: `tool-missing`, `index-failed`, `aborted`. */
export async function refreshIndex(state: AptState, watch: Watch = {}): Promise<void> {
  const report = progressOf("package index", 100, watch);
  const { status, stderr } = await apt(APT, state, ["--yes", "update"], watch, report);
  if (status === 0) return report(100);
  throw new QemuError("index-failed", "Debian's package index could not be fetched.", {
    facts: { mirror: state.archive.mirror, suite: state.archive.suite, stderr },
    hint: "check the network and this machine's apt proxy, or name another mirror",
  });
}

/** Valid errors: `tool-missing`, `package-unknown`, `aborted`. */
export async function resolveKernel(
  state: AptState,
  metaPackage: string,
  watch: Watch = {},
): Promise<PackageRecord> {
  const meta = await show(state, metaPackage, watch);
  const kernel = parseDepends(meta.get("depends") ?? "")
    .flat()
    .find(({ name }) => name.startsWith("linux-image-"));
  if (kernel === undefined) throw unknown(state, metaPackage, "it depends on no kernel");
  const query = kernel.exactly === undefined ? kernel.name : `${kernel.name}=${kernel.exactly}`;
  return packageRecord(await show(state, query, watch));
}

/**
 * Returns the path of the complete package. An interrupted download is taken up again where it
 * stopped; a file that is not what the signed index promises is fetched once more, whole.
 *
 * Valid errors: `tool-missing`, `download-failed`, `checksum-mismatch`, `aborted`.
 */
export async function download(
  state: AptState,
  wanted: PackageRecord,
  watch: Watch = {},
): Promise<string> {
  for (let attempt = 1; ; attempt += 1) {
    const stale = await findPackage(state.downloads, wanted);
    if (stale !== undefined && (await sha256(stale)) === wanted.sha256) return stale;
    if (stale !== undefined) await rm(stale);
    if (attempt > 2) throw mismatch(state, wanted);
    await fetchPackage(state, wanted, watch);
  }
}

export async function sha256(path: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(path), hash);
  return hash.digest("hex");
}

/** Exported for its test: the pure half of looking a package up. */
export function packageRecord(stanza: Stanza): PackageRecord {
  const depends = ["pre-depends", "depends"].flatMap((field) =>
    parseDepends(stanza.get(field) ?? ""),
  );
  return {
    name: stanza.get("package") ?? "",
    version: stanza.get("version") ?? "",
    size: Number(stanza.get("size") ?? 0),
    sha256: stanza.get("sha256") ?? "",
    depends,
  };
}

/** What apt must take for installed so that it fetches the one package and nothing it needs. */
export function pretendInstalled({ depends }: PackageRecord): string {
  const names = new Set(depends.flatMap(([first]) => (first === undefined ? [] : [first.name])));
  return [...names]
    .map(
      (name) =>
        `Package: ${name}\nStatus: install ok installed\nMaintainer: nobody <nobody@localhost>\n` +
        `Architecture: all\nMulti-Arch: foreign\nVersion: 999:1\nDescription: not needed here\n\n`,
    )
    .join("");
}

async function fetchPackage(state: AptState, wanted: PackageRecord, watch: Watch): Promise<void> {
  // `apt-get download` starts again from nothing; `install --download-only` resumes.
  await writeAtomically(state.installed, pretendInstalled(wanted));
  const before = await partialSize(state, wanted);
  const report = progressOf(wanted.name, wanted.size, watch, before);
  report(0);
  const install = ["--yes", "--download-only", "install", `${wanted.name}=${wanted.version}`];
  const { status, stderr } = await apt(APT, state, install, watch, report);
  if (status === 0) return report(100);
  // A partial file that does not fit the index would fail again and again.
  if (/hash sum mismatch|unexpected size/i.test(stderr)) return discardPartial(state);
  throw new QemuError("download-failed", `${wanted.name} could not be fetched.`, {
    facts: { mirror: state.archive.mirror, version: wanted.version, stderr },
    hint: "run the same command again: it goes on where it stopped",
  });
}

async function show(state: AptState, query: string, watch: Watch): Promise<Stanza> {
  const { stdout } = await apt(APT_CACHE, state, ["show", "--no-all-versions", query], watch);
  const [stanza] = parseStanzas(stdout.toString());
  if (stanza === undefined) throw unknown(state, query, "it is not in the archive");
  return stanza;
}

async function apt(
  tool: Tool,
  { configuration }: AptState,
  args: readonly string[],
  { signal }: Watch,
  onPercent?: (percent: number) => void,
): Promise<Executed> {
  const options = onPercent ? ["-o", "APT::Status-Fd=3"] : [];
  return await execute(requireTool(tool), ["-c", configuration, ...options, ...args], {
    signal,
    env: { DEBIAN_FRONTEND: "noninteractive" },
    ...(onPercent && {
      onStatus: (line) => {
        const percent = parseAptProgress(line);
        if (percent !== undefined) onPercent(percent);
      },
    }),
  });
}

/** `before`: what an earlier try left; apt finds it only after its first reports. */
function progressOf(label: string, total: number, { onProgress }: Watch, before = 0) {
  return (percent: number): void => {
    const received = Math.max(before, Math.round((total * percent) / 100));
    onProgress?.({ label, received, total });
  };
}

/** In bytes; 0 if the download was not begun. */
async function partialSize(state: AptState, wanted: PackageRecord): Promise<number> {
  const file = await findPackage(join(state.downloads, "partial"), wanted);
  return file === undefined ? 0 : Math.min((await stat(file)).size, wanted.size);
}

/** apt writes a version's colon as %3a in file names; the name and the rest are enough to find it. */
async function findPackage(folder: string, wanted: PackageRecord): Promise<string | undefined> {
  const files = await readdir(folder);
  const name = `${wanted.name}_${wanted.version.replaceAll(":", "%3a")}_`;
  const file = files.find((candidate) => candidate.startsWith(name));
  return file === undefined ? undefined : join(folder, file);
}

async function discardPartial(state: AptState): Promise<void> {
  const partial = join(state.downloads, "partial");
  for (const file of await readdir(partial)) await rm(join(partial, file), { force: true });
}

function mismatch({ archive }: AptState, wanted: PackageRecord): QemuError {
  return new QemuError("checksum-mismatch", `${wanted.name} arrived damaged, twice.`, {
    facts: { mirror: archive.mirror, version: wanted.version, promised: wanted.sha256 },
    hint: "the mirror or a proxy on the way serves a wrong file: name another mirror",
  });
}

function unknown({ archive }: AptState, query: string, why: string): QemuError {
  return new QemuError("package-unknown", `No kernel behind ${query}: ${why}.`, {
    facts: { mirror: archive.mirror, suite: archive.suite, architecture: archive.architecture },
  });
}
