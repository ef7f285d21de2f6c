// Facts about the kernel that tests ask of: ioctl numbers that need no VFIO, and a FIFO to use them on.

import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { AbiProfile } from "@iommukit/core";

/** asm-generic/ioctls.h, and arch/powerpc's, which encodes them with _IOR and _IOW. */
export function ttyIoctls(abi: AbiProfile): {
  FIONREAD: number;
  FIONBIO: number;
  TIOCGWINSZ: number;
} {
  return abi.ioctlEncoding === "powerpc"
    ? { FIONREAD: 0x4004667f, FIONBIO: 0x8004667e, TIOCGWINSZ: 0x40087468 }
    : { FIONREAD: 0x541b, FIONBIO: 0x5421, TIOCGWINSZ: 0x5413 };
}

/** Node has no call for it; coreutils does. */
const MAKE_FIFO = "mkfifo";

/** A folder with a FIFO in it. */
export interface Scratch {
  readonly folder: string;
  readonly fifo: string;
  remove(): void;
}

export function scratch(): Scratch {
  const folder = mkdtempSync(join(tmpdir(), "iommukit-"));
  const fifo = join(folder, "fifo");
  execFileSync(MAKE_FIFO, [fifo]);
  return { folder, fifo, remove: () => rmSync(folder, { recursive: true }) };
}

/** A call's result, or the code of the `IommuError` that it threw. */
export function codeOf(call: () => unknown): unknown {
  try {
    return call();
  } catch (error) {
    return error instanceof Error && "code" in error ? error.code : error;
  }
}
