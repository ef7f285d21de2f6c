// The law of calls that are in the kernel at the same time: none takes the ground from another (CC2, CC5).
//
// Only `mapInChunks` waits inside the kernel. Meanwhile other ranges of the container may be mapped and
// unmapped, which the kernel puts in order; nothing may touch the range that is on its way, nor end the
// container's IOMMU or its descriptor under it.

import { LawBroken } from "./law.ts";

/** `[first, end)` in bytes; `end` may be 2^64. */
export interface ByteRange {
  readonly first: bigint;
  readonly end: bigint;
}

/** One system call, as far as its order with others matters. */
export interface KernelCall {
  /** `close`, or the ioctl's name. */
  readonly what: string;
  readonly fd: number;
  /** What a map or an unmap names. */
  readonly range?: ByteRange | undefined;
}

/** Descriptors of groups, each with the container's that it is in. */
export type Members = ReadonlyMap<number, number>;

/** Calls that only look, and those that Type1 orders with a map by its lock. */
const BESIDE: ReadonlySet<string> = new Set([
  "VFIO_GET_API_VERSION",
  "VFIO_CHECK_EXTENSION",
  "VFIO_IOMMU_GET_INFO",
  "VFIO_IOMMU_DIRTY_PAGES",
  "VFIO_IOMMU_PAMU_GET_ATTR",
]);
const RANGED: ReadonlySet<string> = new Set(["VFIO_IOMMU_MAP_DMA", "VFIO_IOMMU_UNMAP_DMA"]);

/** I41: whether a call may be made while another one is in the kernel. */
export function mayRunBeside(running: KernelCall, call: KernelCall, members: Members): void {
  const why = reasonAgainst(running, call, members);
  if (why !== undefined)
    throw new LawBroken("I41", `${call.what} while ${running.what} is in the kernel: ${why}`);
}

function reasonAgainst(
  running: KernelCall,
  call: KernelCall,
  members: Members,
): string | undefined {
  const container = running.fd;
  if (call.what === "close") return reasonAgainstClosing(container, call.fd, members);
  if (call.what === "VFIO_GROUP_UNSET_CONTAINER") {
    const others = [...members].some(([group, each]) => each === container && group !== call.fd);
    return members.get(call.fd) === container && !others ? "the last group leaves" : undefined;
  }
  if (call.fd !== container || BESIDE.has(call.what)) return undefined;
  if (!RANGED.has(call.what)) return "it changes the container";
  const free = call.range !== undefined && running.range !== undefined;
  return free && !meet(running.range, call.range) ? undefined : "both name the same bytes";
}

function reasonAgainstClosing(container: number, fd: number, members: Members): string | undefined {
  if (fd === container) return "the container is closed";
  return members.get(fd) === container ? "a group is closed that is in the container" : undefined;
}

function meet(a: ByteRange, b: ByteRange): boolean {
  return a.first < b.end && b.first < a.end;
}
