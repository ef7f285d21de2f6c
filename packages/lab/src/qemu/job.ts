/**
 * What one run adds to the initramfs: the program, its arguments, its environment.
 *
 * It is an archive of its own in front of the cached one, so that a command line of any length
 * and with any characters arrives unchanged. In front, because the kernel wants an uncompressed
 * archive to start at a multiple of 4, which the end of a compressed one need not be.
 */

import { cpioArchive } from "./cpio.ts";
import { JOB_NONCE, JOB_SCRIPT } from "./init.ts";

export interface Job {
  /** Paths are the host's: the guest sees the same. */
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Symbolic links that the guest makes before, from their path to what they point to. */
  readonly links?: ReadonlyMap<string, string> | undefined;
  /** Unguessable for the program, so that it cannot end its own output early. */
  readonly nonce: string;
}

export function jobArchive(job: Job): Buffer {
  return cpioArchive([
    { type: "directory", path: "job" },
    { type: "file", path: JOB_SCRIPT, content: jobScript(job), executable: true },
    { type: "file", path: JOB_NONCE, content: `${job.nonce}\n` },
  ]);
}

export function jobScript({ command, env, links = new Map() }: Job): string {
  const variables = Object.entries(env).map(([name, value]) => quoted(`${name}=${value}`));
  const words = ["exec /bin/busybox env -i", ...variables, "/bin/busybox chroot /root"];
  const lines = [...links].map(([path, to]) => linking(`/root${path}`, to));
  lines.push([...words, ...command.map(quoted)].join(" "));
  return `#!/bin/busybox sh\n${lines.join("\n")}\n`;
}

function linking(path: string, to: string): string {
  const folder = quoted(path.slice(0, path.lastIndexOf("/")));
  return `/bin/busybox mkdir -p ${folder} && /bin/busybox ln -sfn ${quoted(to)} ${quoted(path)}`;
}

/** For a POSIX shell: nothing is special between single quotes but the single quote. */
function quoted(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
}
