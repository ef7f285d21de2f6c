/**
 * What can go wrong between "run this on a real kernel" and its result.
 *
 * An error here is data: callers switch on `code`, print `message`, and show `hint` because it
 * names the remedy. `facts` holds what a bug report needs (paths, exit codes, QEMU's own words).
 */

export const QEMU_ERROR_CODES = [
  /** A program that must be on this machine is not. */
  "tool-missing",
  /** busybox is there but needs shared libraries, which an initramfs does not have. */
  "busybox-not-static",
  /** This machine's apt knows no Debian mirror and none was given. */
  "mirror-unknown",
  /** The keyring that vouches for Debian's archive is not on this machine. */
  "keyring-missing",
  /** apt could not refresh its package lists. */
  "index-failed",
  /** The package is not in the archive, or has not the form that is expected of it. */
  "package-unknown",
  /** apt could not fetch the package. */
  "download-failed",
  /** What was fetched is not what the signed index promises, twice. */
  "checksum-mismatch",
  /** dpkg-deb or depmod refused the package. */
  "unpack-failed",
  /** Another process has held the cache's lock for too long. */
  "cache-busy",
  /** No kernel was set up for this target yet. */
  "kernel-not-set-up",
  /** A file of the kernel in the cache is gone, or is not what was set up. */
  "kernel-damaged",
  /** The guest's processor is not this machine's, and its own programs were not set up yet. */
  "root-not-set-up",
  /** A file of the guest's own programs is gone, or is not what was set up. */
  "root-damaged",
  /** The file given as a kernel is not one that this machine can boot. */
  "kernel-invalid",
  /** The kernel has neither built in nor as a module something that the guest needs. */
  "module-missing",
  /** A module or program file could not be read or decompressed. */
  "file-unreadable",
  /** No machine of that name. */
  "target-unknown",
  /** QEMU ended before the guest said anything; `facts.stderr` has its reason. */
  "qemu-failed",
  /** The kernel booted, but the guest's file system could not be set up. */
  "guest-setup-failed",
  /** The caller's AbortSignal fired; everything was stopped and removed. */
  "aborted",
] as const;

export type QemuErrorCode = (typeof QEMU_ERROR_CODES)[number];

export type Facts = Readonly<Record<string, string | number | boolean>>;

export interface QemuErrorOptions {
  readonly facts?: Facts;
  /** What to do about it, where that is known. */
  readonly hint?: string;
  readonly cause?: unknown;
}

export class QemuError extends Error {
  readonly code: QemuErrorCode;
  readonly summary: string;
  readonly facts: Facts;
  readonly hint: string | undefined;

  constructor(code: QemuErrorCode, summary: string, options: QemuErrorOptions = {}) {
    super(describe(summary, options), { cause: options.cause });
    this.name = "QemuError";
    this.code = code;
    this.summary = summary;
    this.facts = options.facts ?? {};
    this.hint = options.hint;
  }
}

/** The error for a signal that fired, whatever was being done. */
export function aborted(doing: string, signal: AbortSignal | undefined): QemuError {
  return new QemuError("aborted", `Stopped while ${doing}.`, { cause: signal?.reason });
}

function describe(summary: string, { facts = {}, hint }: QemuErrorOptions): string {
  const lines = Object.entries(facts).map(([name, value]) => `  ${name}: ${indent(String(value))}`);
  if (hint !== undefined) lines.push(`  hint: ${indent(hint)}`);
  return [summary, ...lines].join("\n");
}

function indent(text: string): string {
  return text.trimEnd().replaceAll("\n", "\n    ");
}
