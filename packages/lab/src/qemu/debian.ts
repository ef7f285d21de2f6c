/**
 * Sets up one of Debian's kernels in the cache: index, package, unpacked tree and boot image, module
 * index.
 *
 * Whatever is interrupted goes on where it stopped; the record of the kernel is written last, so
 * a kernel is either complete or absent.
 */

import { existsSync } from "node:fs";
import { mkdir, readdir, rename, rm, symlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { type Archive, debianKeyring, prepareApt } from "./apt.ts";
import { isBootImage, unpackBootImage } from "./boot-image.ts";
import { cacheRoot, temporaryName, withLock } from "./cache.ts";
import { download, sha256 } from "./download.ts";
import { QemuError } from "./errors.ts";
import { execute } from "./execute.ts";
import { findKernel, type InstalledKernel, kernelsFolder, recordKernel } from "./kernel.ts";
import { digestsOf, neededFiles } from "./kernel-files.ts";
import { findMirror } from "./mirror.ts";
import { type PackageRecord, refreshIndex, resolveKernel, type Watch } from "./packages.ts";
import { DEPMOD, DPKG_DEB, requireTool, SETUP_TOOLS, type Tool } from "./tools.ts";

/** Debian 13. */
export const DEFAULT_SUITE = "trixie";

export interface SetupRequest extends Watch {
  /** The package that always depends on the current kernel, such as linux-image-amd64. */
  readonly metaPackage: string;
  /** Debian's name for the kernel's architecture, such as amd64. */
  readonly architecture: string;
  /** What the machines load: these, and what they need, are checked at each later use. */
  readonly modules?: readonly string[] | undefined;
  readonly suite?: string | undefined;
  /** Default: the Debian mirror that this machine's apt uses. */
  readonly mirror?: string | undefined;
  readonly trust?: Archive["trust"] | undefined;
  readonly retries?: number | undefined;
  readonly cache?: string | undefined;
  /** Look for a newer kernel although one is set up. */
  readonly refresh?: boolean | undefined;
}

export interface SetupResult {
  readonly kernel: InstalledKernel;
  /** Whether anything had to be fetched, built or unpacked. */
  readonly changed: boolean;
}

/**
 * Valid errors: `tool-missing`, `mirror-unknown`, `keyring-missing`, `index-failed`,
 * `package-unknown`, `download-failed`, `checksum-mismatch`, `unpack-failed`, `cache-busy`,
 * `aborted`.
 */
export async function setupKernel(request: SetupRequest): Promise<SetupResult> {
  const { suite = DEFAULT_SUITE, cache = cacheRoot(), metaPackage, architecture } = request;
  const root = join(cache, "apt", `${suite}-${architecture}`);
  const place = { suite, cache, root };
  const present = await findKernel(cache, suite, metaPackage, request.modules);
  const isEnough = present !== undefined && request.refresh !== true;
  if (isEnough && !(await isBootImage(present.image))) return { kernel: present, changed: false };
  if (!isEnough) for (const tool of SETUP_TOOLS) requireTool(tool);
  const done = withLock(`${root}.lock`, () => install(request, place), request);
  // Packed it boots as well, so a cache that is busy or cannot be written to is no error then.
  return isEnough
    ? done.catch((cause) => {
        if (request.signal?.aborted) throw cause;
        return { kernel: present, changed: false };
      })
    : done;
}

interface Place {
  readonly suite: string;
  readonly cache: string;
  readonly root: string;
}

async function install(request: SetupRequest, place: Place): Promise<SetupResult> {
  const { suite, cache, root } = place;
  const { metaPackage, architecture } = request;
  // Another process may have done it while this one waited for the lock.
  const present = await findKernel(cache, suite, metaPackage, request.modules);
  if (present !== undefined && request.refresh !== true)
    return unpackLater(present, request, place);
  const state = await prepareApt(root, {
    mirror: request.mirror ?? (await findMirror(request.signal)),
    suite,
    architecture,
    trust: request.trust ?? { keyring: debianKeyring() },
    retries: request.retries,
  });
  await refreshIndex(state, request);
  const wanted = await resolveKernel(state, metaPackage, request);
  if (present?.sha256 === wanted.sha256) return unpackLater(present, request, place);
  const file = await download(state, wanted, request);
  const kernel = await unpack(file, wanted, kernelsFolder(cache, suite), request);
  await recordKernel(cache, suite, metaPackage, kernel);
  await rm(file);
  return { kernel, changed: true };
}

/** For a kernel that was set up by an earlier version, or before there was a program to unpack it. */
async function unpackLater(
  kernel: InstalledKernel,
  { metaPackage, signal }: SetupRequest,
  { cache, suite }: Place,
): Promise<SetupResult> {
  const image = await unpackBootImage(kernel.image, signal);
  if (image === kernel.image) return { kernel, changed: false };
  const unpacked = { ...kernel, image, imageSha256: await sha256(image) };
  await recordKernel(cache, suite, metaPackage, unpacked);
  return { kernel: unpacked, changed: true };
}

/** Unpacks beside the final place and renames, so that the final place is complete or absent. */
async function unpack(
  file: string,
  wanted: PackageRecord,
  folder: string,
  watch: SetupRequest,
): Promise<InstalledKernel> {
  const report = (received: number): void =>
    watch.onProgress?.({ label: `unpacking ${wanted.name}`, received, total: 1 });
  report(0);
  const target = join(folder, `${wanted.name}_${wanted.version.replaceAll(":", "%3a")}`);
  const partial = temporaryName(target);
  await mkdir(partial, { recursive: true });
  try {
    await run(DPKG_DEB, ["-x", file, partial], watch);
    const release = await indexModules(partial, watch);
    await rm(target, { recursive: true, force: true });
    await rename(partial, target);
    const kernel = await describe(target, release, wanted, watch);
    report(1);
    return kernel;
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
}

/** Returns the kernel's release. */
async function indexModules(tree: string, watch: Watch): Promise<string> {
  // Packages of merged-/usr releases have usr/lib only, and depmod looks in lib.
  if (!existsSync(join(tree, "lib"))) await symlink("usr/lib", join(tree, "lib"));
  const [release] = await readdir(join(tree, "lib/modules")).catch(() => []);
  if (release === undefined) throw unpackFailed(dirname(tree), "the package has no lib/modules");
  await run(DEPMOD, ["-b", tree, release], watch);
  return release;
}

async function describe(
  tree: string,
  release: string,
  { name, version, sha256: packageSha256 }: PackageRecord,
  { modules = [], signal }: SetupRequest,
): Promise<InstalledKernel> {
  const boot = await readdir(join(tree, "boot")).catch(() => []);
  // Sorted: of a package that had both, the one that needs no unpacking.
  const file = boot.sort().find((candidate) => /^vmlinu[xz]-/.test(candidate));
  if (file === undefined) throw unpackFailed(tree, "the package has no kernel in boot");
  const image = await unpackBootImage(join(tree, "boot", file), signal);
  const modulesDir = join(tree, "lib/modules", release);
  return {
    image,
    modulesDir,
    release,
    packageName: name,
    version,
    sha256: packageSha256,
    imageSha256: await sha256(image),
    moduleSha256: await digestsOf(modulesDir, await neededFiles(modulesDir, modules)),
  };
}

async function run(tool: Tool, args: readonly string[], { signal }: Watch): Promise<void> {
  const { status, stderr } = await execute(requireTool(tool), args, { signal });
  if (status !== 0) throw unpackFailed(args.join(" "), `${tool.name}: ${stderr}`);
}

function unpackFailed(what: string, reason: string): QemuError {
  return new QemuError("unpack-failed", "The kernel package could not be unpacked.", {
    facts: { what, reason },
    hint: "is there space left? An unpacked kernel takes about 180 MB",
  });
}
