// The system call table: what each call of the port does in the simulated kernel.
//
// Descriptors decide first (EBADF), then the file. Nothing here knows a device or an IOMMU.

import { ioctlNames, vfioCommand } from "./decode/commands.ts";
import { EBADF, EINVAL } from "./errno.ts";
import { EventFd } from "./event-fd.ts";
import { type MemoryPolicy, mapMemory } from "./map-memory.ts";
import type { KernelAbi, KernelPort } from "./port-types.ts";
import type { Process } from "./process.ts";
import { userPointer } from "./user-copy.ts";
import type { Vfs } from "./vfs/vfs.ts";

export interface SystemCallFacts {
  readonly abi: KernelAbi;
  readonly vfs: Vfs;
  readonly memory: MemoryPolicy;
  /** Told of every call before it is made, and of an ioctl's name. */
  readonly count: (call: string) => void;
}

/** The port of one process. */
export function systemCalls(kernel: SystemCallFacts, process: Process): KernelPort {
  const { abi, vfs, count } = kernel;
  const nameOf = ioctlNames(abi);
  const ioctl: KernelPort["ioctl"] = (fd, request, argument) => {
    const file = process.fds.get(fd);
    const command = vfioCommand(abi, request);
    if (file === undefined) {
      count("ioctl");
      return -EBADF;
    }
    count(file.commandName(command) ?? nameOf(file.kind, command, request));
    return file.ioctl({
      process,
      request,
      command,
      argument: userPointer(argument, process.memory),
    });
  };
  return {
    abi,
    ioctl,
    open(path, flags) {
      count("open");
      const file = vfs.open(process, path, flags);
      return typeof file === "number" ? file : installed(process, file);
    },
    close: (fd) => counted(count, "close", () => process.fds.close(fd)),
    async ioctlAsync(fd, request, argument) {
      await Promise.resolve();
      return ioctl(fd, request, argument);
    },
    readAt: (fd, into, offset) =>
      counted(count, "readAt", () => process.fds.get(fd)?.readAt(into, offset) ?? -EBADF),
    writeAt: (fd, from, offset) =>
      counted(count, "writeAt", () => process.fds.get(fd)?.writeAt(from, offset) ?? -EBADF),
    mapMemory: (request) =>
      counted(count, "mapMemory", () => mapMemory(process, kernel.memory, request)),
    eventFd: () => counted(count, "eventFd", () => installed(process, new EventFd())),
    waitEvent(fd, milliseconds) {
      count("waitEvent");
      const file = process.fds.get(fd);
      if (file === undefined) return Promise.resolve(-EBADF);
      return file instanceof EventFd ? file.wait(milliseconds) : Promise.resolve(-EINVAL);
    },
    readLink: (path) => counted(count, "readLink", () => vfs.readLink(path)),
    list: (path) => counted(count, "list", () => vfs.list(path)),
    readText: (path) => counted(count, "readText", () => vfs.readText(process, path)),
    writeText: (path, text) =>
      counted(count, "writeText", () => vfs.writeText(process, path, text)),
  };
}

function counted<T>(count: (call: string) => void, name: string, run: () => T): T {
  count(name);
  return run();
}

/** A descriptor for a new file; without a free number the file goes at once. */
function installed(
  process: Process,
  file: EventFd | Parameters<Process["fds"]["install"]>[0],
): number {
  const fd = process.fds.install(file);
  if (fd < 0) file.drop();
  return fd;
}
