/**
 * Debian packages: fetches those that were looked up, and checks them.
 */

import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import type { AptState } from "./apt.ts";
import { writeAtomically } from "./cache.ts";
import { QemuError } from "./errors.ts";
import { apt, type PackageRecord, progressOf, type Watch } from "./packages.ts";
import { APT } from "./tools.ts";

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
  const request = { label: wanted.name, packages: [wanted], installed: pretendInstalled(wanted) };
  const [file = ""] = await downloadAll(state, request, watch);
  return file;
}

export interface DownloadRequest {
  /** For the progress. */
  readonly label: string;
  readonly packages: readonly PackageRecord[];
  /** What apt is to take for installed, as a status file. */
  readonly installed: string;
}

/**
 * The same of several packages at once; with nothing installed they must be a closure. Paths come in
 * the order of the packages.
 *
 * Valid errors: those of `download`.
 */
export async function downloadAll(
  state: AptState,
  request: DownloadRequest,
  watch: Watch = {},
): Promise<readonly string[]> {
  for (let attempt = 1; ; attempt += 1) {
    const files = await Promise.all(request.packages.map((wanted) => keptPackage(state, wanted)));
    const missing = files.indexOf(undefined);
    if (missing < 0) return files.filter((file) => file !== undefined);
    const wanted = request.packages[missing];
    if (wanted !== undefined && attempt > 2) throw mismatch(state, wanted);
    await fetchPackages(state, request, watch);
  }
}

/** The complete and undamaged file of a package; a damaged one is removed. */
async function keptPackage(state: AptState, wanted: PackageRecord): Promise<string | undefined> {
  const file = await findPackage(state.downloads, wanted);
  if (file === undefined || (await sha256(file)) === wanted.sha256) return file;
  await rm(file);
  return undefined;
}

export async function sha256(path: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(path), hash);
  return hash.digest("hex");
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

async function fetchPackages(
  state: AptState,
  { label, packages, installed }: DownloadRequest,
  watch: Watch,
): Promise<void> {
  // `apt-get download` starts again from nothing; `install --download-only` resumes.
  await writeAtomically(state.installed, installed);
  const before = await Promise.all(packages.map((wanted) => partialSize(state, wanted)));
  const report = progressOf(label, sum(packages.map(({ size }) => size)), watch, sum(before));
  report(0);
  const queries = packages.map(({ name, version }) => `${name}=${version}`);
  const install = ["--yes", "--download-only", "install", ...queries];
  const { status, stderr } = await apt(APT, state, install, watch, report);
  if (status === 0) return report(100);
  // A partial file that does not fit the index would fail again and again.
  if (/hash sum mismatch|unexpected size/i.test(stderr)) return discardPartial(state);
  const versions = packages.map(({ version }) => version).join(" ");
  throw new QemuError("download-failed", `${label} could not be fetched.`, {
    facts: { mirror: state.archive.mirror, version: versions, stderr },
    hint: "run the same command again: it goes on where it stopped",
  });
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((all, one) => all + one, 0);
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
