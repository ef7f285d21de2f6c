/**
 * Runs one program on one emulated machine with a real kernel, and tells how that went.
 *
 *     const result = await runInGuest({ target: "vtd", program: "/path/to/bundle.mjs" });
 *
 * The program runs under this process's own Node, or under Debian's where the guest's processor is
 * another. It sees this machine's files under their own paths, and may write anywhere: what it
 * writes vanishes with the guest.
 */

import { randomBytes } from "node:crypto";
import { open, readFile, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { readStart } from "./boot-image.ts";
import { cacheRoot } from "./cache.ts";
import { DEFAULT_SUITE } from "./debian.ts";
import { isElf, isX86BootImage } from "./elf.ts";
import { aborted, QemuError } from "./errors.ts";
import { type GuestRoot, inspectGuestRoot, ROOT_KOFFI, ROOT_NODE } from "./guest-root.ts";
import { ensureImage } from "./image.ts";
import { jobArchive } from "./job.ts";
import { inspectKernel, type Kernel } from "./kernel.ts";
import { kernelTrouble, rootTrouble } from "./kernel-trouble.ts";
import { koffiOf, nativePlace } from "./koffi.ts";
import { type GuestClock, isForeign, type Machine, qemuArguments } from "./machine.ts";
import { machineFor } from "./machines.ts";
import { withRunFolder } from "./run-folder.ts";
import { requireTool } from "./tools.ts";
import { type GuestResult, type Listeners, watchGuest } from "./watch.ts";

export interface RunRequest extends Listeners {
  /** Such as "vtd" or "qemu/vtd". */
  readonly target: string;
  /** A file that Node can run, with all that it imports readable on this machine. */
  readonly program: string;
  /** Every copy of koffi that it imports: a file of each. */
  readonly koffi?: readonly string[] | undefined;
  readonly args?: readonly string[] | undefined;
  /** The program's whole environment, on top of PATH, HOME, LANG and IOMMUKIT_TARGET. */
  readonly env?: Readonly<Record<string, string>> | undefined;
  readonly nodeArguments?: readonly string[] | undefined;
  /** Default: the Debian kernel that was set up for this target. */
  readonly kernel?: Kernel | undefined;
  readonly suite?: string | undefined;
  readonly cache?: string | undefined;
  /** From QEMU's start to its end. */
  readonly timeoutSeconds?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly kernelArguments?: readonly string[] | undefined;
  readonly qemuArguments?: readonly string[] | undefined;
  readonly clock?: GuestClock | undefined;
}

const DEFAULT_TIMEOUT_SECONDS = 120;

/**
 * A program that fails, hangs, or takes the kernel down is a result; that it could not be run is
 * an error. Either way QEMU is gone and the temporary files are removed when this settles.
 *
 * Valid errors: `target-unknown`, `tool-missing`, `busybox-not-static`, `kernel-not-set-up`,
 * `kernel-damaged`, `root-not-set-up`, `root-damaged`, `kernel-invalid`, `module-missing`, `file-unreadable`,
 * `qemu-failed`, `guest-setup-failed`, `aborted`.
 */
export async function runInGuest(request: RunRequest): Promise<GuestResult> {
  const { signal, cache = cacheRoot() } = request;
  if (signal?.aborted) throw aborted("starting a guest", signal);
  const machine = machineFor(request.target);
  const qemu = requireTool(machine.qemu);
  const program = await readableFile(resolve(request.program));
  const kernel = request.kernel ?? (await kernelFor(machine, cache, request.suite));
  await checkKernel(kernel);
  const root = await rootFor(machine, cache, request);
  const image = await ensureImage({ machine, kernel, root, cache, signal });
  return withRunFolder(async (folder) => {
    const nonce = randomBytes(16).toString("hex");
    const job = jobArchive({
      nonce,
      command: command(request, program, root),
      env: environment(request),
      links: links(machine, root, request),
    });
    const initramfs = join(folder, "initramfs");
    await writeFile(initramfs, Buffer.concat([job, await readFile(image)]));
    const args = qemuArguments(machine, {
      kernelImage: kernel.image,
      initramfs,
      ownRoot: root?.path,
      clock: request.clock,
      kernelArguments: request.kernelArguments ?? [],
      qemuArguments: request.qemuArguments ?? [],
    });
    const { timeoutSeconds = DEFAULT_TIMEOUT_SECONDS } = request;
    return watchGuest({ qemu, args, nonce, timeoutSeconds, signal, listeners: request });
  });
}

function command(request: RunRequest, program: string, root: GuestRoot | undefined): string[] {
  const node = root === undefined ? process.execPath : `/${ROOT_NODE}`;
  return [node, ...(request.nodeArguments ?? []), program, ...(request.args ?? [])];
}

function environment({ target, env }: RunRequest): Record<string, string> {
  return {
    PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    HOME: "/tmp",
    LANG: "C.UTF-8",
    IOMMUKIT_TARGET: target,
    ...env,
  };
}

async function kernelFor(machine: Machine, cache: string, suite = DEFAULT_SUITE): Promise<Kernel> {
  const found = await inspectKernel(cache, suite, machine.kernelPackage);
  if (found.state === "ready") return found.kernel;
  throw kernelTrouble(machine, found);
}

async function rootFor(
  machine: Machine,
  cache: string,
  { suite = DEFAULT_SUITE, koffi = [] }: RunRequest,
): Promise<GuestRoot | undefined> {
  if (!isForeign(machine)) return undefined;
  const found = await inspectGuestRoot(cache, suite, machine.debianArchitecture);
  if (found.state !== "ready") throw rootTrouble(machine, found);
  const { root } = found;
  // koffi refuses a native half of another version, in words that name no remedy.
  if (koffi.some((file) => koffiOf(file).version !== root.koffi))
    throw rootTrouble(machine, { state: "absent" });
  return root;
}

/** Each copy of koffi finds the native half for the guest's processor where it looks for it. */
function links(
  { arch }: Machine,
  root: GuestRoot | undefined,
  { koffi = [] }: RunRequest,
): ReadonlyMap<string, string> {
  if (root === undefined) return new Map();
  return new Map(koffi.map((file) => [nativePlace(koffiOf(file), arch), `/${ROOT_KOFFI}`]));
}

/** QEMU's firmware waits for ever when it is given a file that is no kernel. */
async function checkKernel({ image }: Kernel): Promise<void> {
  const start = await readStart(await readableFile(image));
  if (isElf(start) || isX86BootImage(start)) return;
  throw new QemuError("kernel-invalid", "This file is not a kernel that QEMU can load.", {
    facts: { image },
    hint: "give vmlinuz as /boot has it (x86), or vmlinux, an ELF file",
  });
}

async function readableFile(path: string): Promise<string> {
  try {
    const file = await open(path, "r");
    await file.close();
    return path;
  } catch (cause) {
    throw new QemuError("file-unreadable", "A file that is to be run cannot be read.", {
      facts: { file: path },
      cause,
    });
  }
}
