// A kernel of a few lines that says yes to everything, but for the one answer that is being fuzzed.
//
// No simulator: an execution takes microseconds, and what a parser does with an answer is all that is
// looked at.

import * as command from "../kernel/decode/commands.ts";
import type { KernelPort } from "../kernel/port-types.ts";
import { X86_64 } from "../machines/machine.ts";

/** What the fuzzer answers in place of the kernel; what it leaves out is answered honestly. */
export interface Script {
  ioctl?(
    file: "container" | "group" | "device",
    number: number,
    bytes: Uint8Array,
  ): number | undefined;
  readLink?(path: string): string | number;
  list?(path: string): readonly string[] | number;
  readText?(path: string): string | number;
}

const CONTAINER = 3;
const GROUP = 4;
const DEVICE = 5;
const ENOENT = 2;
const ENOMEM = 12;
const BAD = 9;

/** A port on which the script answers first. */
export function scriptedKernel(script: Script): KernelPort {
  const ioctl = (fd: number, request: number, argument: Uint8Array | number): number => {
    const number = command.vfioCommand(X86_64, request);
    const file = fileOf(fd);
    if (file === undefined) return -BAD;
    const bytes = argument instanceof Uint8Array ? argument : new Uint8Array(0);
    return script.ioctl?.(file, number, bytes) ?? honest(file, number, bytes);
  };
  return {
    abi: X86_64,
    open: (path) => (path === "/dev/vfio/vfio" ? CONTAINER : GROUP),
    close: () => 0,
    ioctl,
    ioctlAsync: (fd, request, argument) => Promise.resolve(ioctl(fd, request, argument)),
    readAt: (_fd, into) => into.length,
    writeAt: (_fd, from) => from.length,
    mapMemory: () => -ENOMEM,
    eventFd: () => -ENOMEM,
    waitEvent: () => Promise.resolve(-BAD),
    readLink: (path) =>
      script.readLink?.(path) ?? (path.endsWith("iommu_group") ? "../iommu_groups/2" : -ENOENT),
    list: (path) => script.list?.(path) ?? (path.endsWith("devices") ? ["0000:00:02.0"] : ["2"]),
    readText: (path) => script.readText?.(path) ?? -ENOENT,
    writeText: () => -ENOENT,
  };
}

function fileOf(fd: number): "container" | "group" | "device" | undefined {
  if (fd === CONTAINER) return "container";
  if (fd === GROUP) return "group";
  return fd === DEVICE ? "device" : undefined;
}

function honest(file: "container" | "group" | "device", number: number, bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (file === "group" && number === command.GROUP_GET_STATUS) view.setUint32(4, 1, true);
  if (file === "group" && number === command.GROUP_GET_DEVICE_FD) return DEVICE;
  if (file === "container" && number === command.CHECK_EXTENSION) return 1;
  if (file === "container" && number === command.IOMMU_GET_INFO) {
    // PGSIZES, 4 KiB, and no chain.
    view.setUint32(4, 1, true);
    view.setBigUint64(8, 4096n, true);
  }
  if (file === "device" && number === command.DEVICE_GET_INFO) {
    view.setUint32(4, 2, true);
    view.setUint32(8, 9, true);
    view.setUint32(12, 5, true);
  }
  return 0;
}
