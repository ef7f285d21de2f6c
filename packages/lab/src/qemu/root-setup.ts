/**
 * Sets up the root of a guest whose processor is not this machine's: packages of Debian with all
 * that they need, and from npm Node and koffi's native half.
 *
 * The record of the root is written last, so a root is either complete or absent.
 */

import { mkdir, readdir, rename, rm, symlink } from "node:fs/promises";
import { join, relative } from "node:path";
import { debianKeyring, prepareApt } from "./apt.ts";
import { cacheRoot, temporaryName, withLock } from "./cache.ts";
import { DEFAULT_SUITE, type SetupRequest } from "./debian.ts";
import { downloadAll } from "./download.ts";
import { QemuError } from "./errors.ts";
import { execute } from "./execute.ts";
import { addNode, GUEST_NODE_VERSION, nodePackage } from "./guest-node.ts";
import {
  type GuestRoot,
  inspectGuestRoot,
  ROOT_KOFFI,
  recordGuestRoot,
  rootsFolder,
} from "./guest-root.ts";
import { digestsOf } from "./kernel-files.ts";
import { nativePackage } from "./koffi.ts";
import { findMirror } from "./mirror.ts";
import { fetchFromNpm } from "./npm.ts";
import { refreshIndex, resolveClosure } from "./packages.ts";
import { APT, APT_CACHE, DPKG_DEB, NPM, requireTool, TAR } from "./tools.ts";

/**
 * The library is what Node needs. The tools are those that programs start beside themselves: a second
 * process (prlimit, setpriv), a shell. What all of them need follows.
 */
const PACKAGES = ["libstdc++6", "busybox-static", "coreutils", "dash", "util-linux"];

/** What of the packages running programs read: no manuals, no documents. */
const KEPT = ["usr/bin", "usr/lib", "usr/lib64"];

export interface RootRequest
  extends Omit<SetupRequest, "metaPackage" | "modules" | "architecture"> {
  /** Debian's name for the guest's processor, such as ppc64el. */
  readonly architecture: string;
  /** As Node's process.arch calls it, such as ppc64. */
  readonly arch: string;
  /** The version of koffi that programs bring. */
  readonly koffi: string;
  readonly registry?: string | undefined;
  /** Default: the newest that npm has for the processor. */
  readonly node?: string | undefined;
  /** Default: what Node needs, busybox, and a few tools. */
  readonly packages?: readonly string[] | undefined;
}

export interface RootResult {
  readonly root: GuestRoot;
  readonly changed: boolean;
}

/**
 * Valid errors: `tool-missing`, `mirror-unknown`, `keyring-missing`, `index-failed`,
 * `package-unknown`, `download-failed`, `checksum-mismatch`, `unpack-failed`, `cache-busy`,
 * `aborted`.
 */
export async function setupGuestRoot(request: RootRequest): Promise<RootResult> {
  const present = await findRoot(request);
  if (present !== undefined) return { root: present, changed: false };
  for (const tool of [APT, APT_CACHE, DPKG_DEB, NPM, TAR]) requireTool(tool);
  const { suite = DEFAULT_SUITE, cache = cacheRoot(), architecture } = request;
  const state = join(cache, "apt", `${suite}-${architecture}`);
  return await withLock(`${state}.lock`, () => install(request, state), request);
}

/** One of these packages with this Node, for this koffi; newer packages are looked for with `refresh` only. */
async function findRoot(request: RootRequest): Promise<GuestRoot | undefined> {
  const { suite = DEFAULT_SUITE, cache = cacheRoot(), architecture, koffi } = request;
  const found = await inspectGuestRoot(cache, suite, architecture, "nothing");
  if (request.refresh === true || found.state !== "ready") return undefined;
  const { root } = found;
  const isIt = root.koffi === koffi && root.node === nodeOf(request);
  return isIt && root.packages === namesOf(request) ? root : undefined;
}

function namesOf({ packages = PACKAGES }: RootRequest): string {
  return packages.join(" ");
}

function nodeOf({ node = GUEST_NODE_VERSION }: RootRequest): string {
  return node;
}

async function install(request: RootRequest, aptRoot: string): Promise<RootResult> {
  const { suite = DEFAULT_SUITE, cache = cacheRoot(), architecture } = request;
  // Another process may have done it while this one waited for the lock.
  const present = await findRoot(request);
  if (present !== undefined) return { root: present, changed: false };
  const state = await prepareApt(aptRoot, {
    mirror: request.mirror ?? (await findMirror(request.signal)),
    suite,
    architecture,
    trust: request.trust ?? { keyring: debianKeyring() },
    retries: request.retries,
  });
  await refreshIndex(state, request);
  const wanted = await resolveClosure(state, request.packages ?? PACKAGES, request);
  const label = `programs for ${architecture}`;
  const files = await downloadAll(state, { label, packages: wanted, installed: "" }, request);
  const root = await build(request, files);
  await recordGuestRoot(cache, suite, architecture, root);
  for (const file of files) await rm(file, { force: true });
  return { root, changed: true };
}

/** Builds beside the final place and renames, so that the final place is complete or absent. */
async function build(request: RootRequest, files: readonly string[]): Promise<GuestRoot> {
  const { suite = DEFAULT_SUITE, cache = cacheRoot(), architecture, koffi } = request;
  const folder = rootsFolder(cache, suite);
  const path = join(folder, architecture);
  const partial = temporaryName(path);
  const report = (received: number): void =>
    request.onProgress?.({ label: `unpacking ${architecture}`, received, total: files.length + 1 });
  try {
    const unpacked = join(partial, "unpacked");
    await mkdir(unpacked, { recursive: true });
    for (const [at, file] of files.entries()) {
      report(at);
      await unpack(file, unpacked, request.signal);
    }
    const tree = join(partial, "tree");
    await keep(unpacked, tree);
    await addFromNpm(request, tree, join(partial, "npm"));
    const fileSha256 = await digestsOf(tree, await regularFiles(tree));
    await rm(path, { recursive: true, force: true });
    await rename(tree, path);
    report(files.length + 1);
    return { path, node: nodeOf(request), koffi, packages: namesOf(request), fileSha256 };
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
}

async function unpack(file: string, tree: string, signal?: AbortSignal): Promise<void> {
  const { status, stderr } = await execute(requireTool(DPKG_DEB), ["-x", file, tree], { signal });
  if (status === 0) return;
  throw new QemuError("unpack-failed", "A package could not be unpacked.", {
    facts: { file, reason: stderr },
    hint: "is there space left? The guest's root takes about 300 MB while it is made",
  });
}

async function keep(unpacked: string, tree: string): Promise<void> {
  for (const folder of KEPT) {
    await mkdir(join(tree, folder, ".."), { recursive: true });
    await rename(join(unpacked, folder), join(tree, folder)).catch(ignoreAbsent);
  }
  // Programs name their dynamic linker as /lib64/…, and this machine's /lib64 may be no link.
  for (const folder of ["lib", "lib64"]) await symlink(`usr/${folder}`, join(tree, folder));
}

/** Of an architecture whose dynamic linker is in usr/lib there is no usr/lib64. */
function ignoreAbsent(cause: unknown): void {
  if (cause instanceof Error && "code" in cause && cause.code === "ENOENT") return;
  throw cause;
}

async function addFromNpm(request: RootRequest, tree: string, scratch: string): Promise<void> {
  const { arch, koffi, registry, signal } = request;
  const from = { registry, signal };
  const native = { name: nativePackage(arch), version: koffi };
  const node = { name: nodePackage(arch), version: nodeOf(request) };
  await told(request, native.name, () =>
    fetchFromNpm({
      ...from,
      ...native,
      scratch: join(scratch, "koffi"),
      into: join(tree, ROOT_KOFFI),
    }),
  );
  await told(request, node.name, () =>
    addNode(tree, { ...from, ...node, scratch: join(scratch, "node") }),
  );
}

async function told(
  { onProgress }: RootRequest,
  label: string,
  work: () => Promise<void>,
): Promise<void> {
  onProgress?.({ label, received: 0, total: 1 });
  await work();
  onProgress?.({ label, received: 1, total: 1 });
}

async function regularFiles(tree: string): Promise<readonly string[]> {
  const entries = await readdir(tree, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(tree, join(entry.parentPath, entry.name)))
    .sort();
}
