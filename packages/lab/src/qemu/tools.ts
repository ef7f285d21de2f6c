/**
 * Programs that must be on this machine, and how to get each.
 *
 * Nothing here is installed for the user: a missing program becomes an error that names the
 * package to install on Debian, Fedora and Arch.
 */

import { accessSync, constants, statSync } from "node:fs";
import { delimiter, join } from "node:path";
import { QemuError } from "./errors.ts";

export interface Tool {
  readonly name: string;
  /** What it is needed for, as the end of the sentence "… is needed to". */
  readonly purpose: string;
  readonly packages: { readonly debian: string; readonly fedora: string; readonly arch: string };
}

export const APT: Tool = {
  name: "apt-get",
  purpose: "fetch Debian's kernel and check its signature",
  packages: { debian: "apt", fedora: "apt", arch: "apt" },
};

export const APT_CACHE: Tool = { ...APT, name: "apt-cache" };

export const DPKG_DEB: Tool = {
  name: "dpkg-deb",
  purpose: "unpack the kernel package",
  packages: { debian: "dpkg", fedora: "dpkg", arch: "dpkg" },
};

export const DEPMOD: Tool = {
  name: "depmod",
  purpose: "find out which kernel module needs which",
  packages: { debian: "kmod", fedora: "kmod", arch: "kmod" },
};

export const XZ: Tool = {
  name: "xz",
  purpose: "decompress kernel modules",
  packages: { debian: "xz-utils", fedora: "xz", arch: "xz" },
};

export const ZSTD: Tool = {
  name: "zstd",
  purpose: "decompress kernels and their modules",
  packages: { debian: "zstd", fedora: "zstd", arch: "zstd" },
};

export const BUSYBOX: Tool = {
  name: "busybox",
  purpose: "be the guest's first program",
  packages: { debian: "busybox-static", fedora: "busybox", arch: "busybox" },
};

export const QEMU_X86: Tool = {
  name: "qemu-system-x86_64",
  purpose: "emulate the machine and its IOMMU",
  packages: { debian: "qemu-system-x86", fedora: "qemu-system-x86", arch: "qemu-system-x86" },
};

export const QEMU_PPC: Tool = {
  name: "qemu-system-ppc64",
  purpose: "emulate the machine and its IOMMU",
  packages: { debian: "qemu-system-ppc", fedora: "qemu-system-ppc", arch: "qemu-system-ppc" },
};

export const NPM: Tool = {
  name: "npm",
  purpose: "fetch Node and the native half of koffi for the guest's processor",
  packages: { debian: "npm", fedora: "npm", arch: "npm" },
};

export const TAR: Tool = {
  name: "tar",
  purpose: "unpack what npm fetched",
  packages: { debian: "tar", fedora: "tar", arch: "tar" },
};

/** Needed once, to fetch a kernel. */
export const SETUP_TOOLS: readonly Tool[] = [APT, APT_CACHE, DPKG_DEB, DEPMOD];

/** Where the program is, or undefined. Administrators' directories count: depmod is in /sbin. */
export function findTool(tool: Tool, path: string = ownPath()): string | undefined {
  return [...path.split(delimiter), "/usr/local/sbin", "/usr/sbin", "/sbin"]
    .filter((folder) => folder !== "")
    .map((folder) => join(folder, tool.name))
    .find(isProgram);
}

/** Valid errors: `tool-missing`. */
export function requireTool(tool: Tool, path?: string): string {
  const found = findTool(tool, path);
  if (found !== undefined) return found;
  throw new QemuError("tool-missing", `${tool.name} is needed to ${tool.purpose}.`, {
    facts: { tool: tool.name },
    hint: remedy(tool),
  });
}

/** How to install the program, one line. */
export function remedy({ packages: { debian, fedora, arch } }: Tool): string {
  return (
    `apt-get install --no-install-recommends ${debian} (Debian, Ubuntu), ` +
    `dnf install ${fedora} (Fedora), pacman -S ${arch} (Arch)`
  );
}

function ownPath(): string {
  const { PATH = "" } = process.env;
  return PATH;
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
