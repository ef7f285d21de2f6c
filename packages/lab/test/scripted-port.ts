// A machine as sysfs and a few answers show it, in any state.

import type { KernelPort } from "@iommukit/core";
import { abiProfile } from "@iommukit/core/abi";

export interface ScriptedMachine {
  /** Texts by path; every folder above exists. */
  readonly files?: Readonly<Record<string, string>>;
  /** Links by path. */
  readonly links?: Readonly<Record<string, string>>;
  /** Folders that exist though empty. */
  readonly folders?: readonly string[];
  /** What opening a path answers; else -ENOENT. */
  readonly opens?: Readonly<Record<string, number>>;
  /** What every ioctl answers. */
  readonly ioctl?: (request: number, argument: number) => number;
  readonly arch?: "x86_64" | "ppc64le";
}

export interface ScriptedPort extends KernelPort {
  /** Descriptors that were opened and not closed. */
  readonly stillOpen: ReadonlySet<number>;
}

const ENOENT = -2;
const ENOSYS = -38;

export function scriptedPort(machine: ScriptedMachine): ScriptedPort {
  const { files = {}, links = {}, folders = [], opens = {}, ioctl = () => 0 } = machine;
  const stillOpen = new Set<number>();
  const paths = [...Object.keys(files), ...Object.keys(links), ...folders];
  return {
    abi: abiProfile(machine.arch ?? "x86_64", 4096),
    stillOpen,
    open: (path) => {
      const fd = opens[path] ?? ENOENT;
      if (fd >= 0) stillOpen.add(fd);
      return fd;
    },
    close: (fd) => (stillOpen.delete(fd) ? 0 : -9),
    ioctl: (_fd, request, argument) => ioctl(request, Number(argument)),
    list: (path) => {
      const below = paths.filter((known) => known.startsWith(`${path}/`));
      if (below.length === 0 && !paths.includes(path)) return ENOENT;
      return [
        ...new Set(below.map((known) => known.slice(path.length + 1).split("/")[0] ?? "")),
      ].sort((a, b) => (a < b ? -1 : 1));
    },
    readText: (path) => files[path] ?? ENOENT,
    readLink: (path) => links[path] ?? ENOENT,
    ioctlAsync: () => Promise.resolve(ENOSYS),
    readAt: () => ENOSYS,
    writeAt: () => ENOSYS,
    mapMemory: () => ENOSYS,
    eventFd: () => ENOSYS,
    waitEvent: () => Promise.resolve(ENOSYS),
    writeText: () => ENOSYS,
  };
}
