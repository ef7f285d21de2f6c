/**
 * Where downloads and images are kept, and how they get there without half-written files.
 *
 *     $XDG_CACHE_HOME/iommukit            or ~/.cache/iommukit
 *       apt/SUITE-ARCH/                   apt's private state: sources, lists, partial downloads
 *       kernels/SUITE/META.json           which kernel is set up; written last, so its presence
 *                                         means that everything below is complete
 *       kernels/SUITE/META.seal           what the file system said of its files when all were whole
 *       kernels/SUITE/PACKAGE_VERSION/    the unpacked package: boot/, lib/modules/RELEASE/;
 *                                         with boot/vmlinux-RELEASE, unpacked from vmlinuz-RELEASE
 *       roots/SUITE/ARCH.json, ARCH.seal  the same of the root of a guest with another processor
 *       roots/SUITE/ARCH/                 that root
 *       images/HASH.cpio.gz               initramfs, by the hash of all that went into it
 *
 * Everything here may be deleted at any time while nothing runs; it is fetched or built again.
 */

import { randomBytes } from "node:crypto";
import { link, mkdir, open, readFile, rename, rm, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { dirname, isAbsolute, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { aborted, QemuError } from "./errors.ts";
import { errnoOf } from "./unknown.ts";

export function cacheRoot(env: NodeJS.ProcessEnv = process.env): string {
  const { XDG_CACHE_HOME: base, HOME: home = homedir() } = env;
  // The XDG base directory specification: a relative path is to be ignored.
  if (base !== undefined && isAbsolute(base)) return join(base, "iommukit");
  return join(home, ".cache", "iommukit");
}

/** A reader sees the old file or the whole new one, never a part, also after a power cut. */
export async function writeAtomically(path: string, content: string | Uint8Array): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const partial = temporaryName(path);
  try {
    const file = await open(partial, "wx");
    try {
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(partial, path);
  } catch (cause) {
    await rm(partial, { force: true });
    throw cause;
  }
}

/** A name beside `path` that nobody else uses; on the same file system, so rename works. */
export function temporaryName(path: string): string {
  return `${path}.partial-${process.pid}-${randomBytes(4).toString("hex")}`;
}

export interface LockOptions {
  readonly signal?: AbortSignal | undefined;
  /** After this the holder is reported instead of waited for. */
  readonly patienceSeconds?: number;
}

/**
 * Runs `work` while no other process runs anything under the same lock. A lock whose holder is
 * no longer alive is taken over, so a killed process blocks nobody.
 *
 * Valid errors: `cache-busy`, `aborted`, and whatever `work` throws.
 */
export async function withLock<Result>(
  path: string,
  work: () => Promise<Result>,
  { signal, patienceSeconds = 600 }: LockOptions = {},
): Promise<Result> {
  await mkdir(dirname(path), { recursive: true });
  const deadline = Date.now() + patienceSeconds * 1000;
  while (!(await tryLock(path))) {
    if (signal?.aborted) throw aborted("waiting for another iommukit", signal);
    if (Date.now() > deadline) throw await busy(path);
    await sleep(100);
  }
  try {
    return await work();
  } finally {
    await rm(path, { force: true });
  }
}

async function tryLock(path: string): Promise<boolean> {
  // Linking a finished file takes the lock and names its holder in one step.
  const claim = temporaryName(path);
  await writeFile(claim, String(process.pid));
  try {
    await link(claim, path);
    return true;
  } catch (cause) {
    if (errnoOf(cause) !== "EEXIST") throw cause;
  } finally {
    await rm(claim, { force: true });
  }
  const holder = await lockHolder(path);
  if (holder !== undefined && !isAlive(holder)) await breakLock(path);
  return false;
}

/** Of several that find a dead holder one may already hold the lock anew: then it goes back. */
async function breakLock(path: string): Promise<void> {
  const stale = temporaryName(path);
  await rename(path, stale).catch(() => undefined);
  const moved = await lockHolder(stale);
  if (moved !== undefined && isAlive(moved)) await link(stale, path).catch(() => undefined);
  await rm(stale, { force: true });
}

async function lockHolder(path: string): Promise<number | undefined> {
  const text = await readFile(path, "utf8").catch(() => "");
  const holder = Number.parseInt(text, 10);
  return Number.isNaN(holder) ? undefined : holder;
}

/** Whether there is such a process; another user's counts. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (cause) {
    return errnoOf(cause) === "EPERM";
  }
}

async function busy(path: string): Promise<QemuError> {
  return new QemuError("cache-busy", "Another process is setting up the same cache.", {
    facts: { lock: path, holder: (await lockHolder(path)) ?? "unknown" },
    hint: "wait for it to end; if there is no such process, delete the lock file",
  });
}
