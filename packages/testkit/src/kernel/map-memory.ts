// mmap: anonymous memory of a simulated process, of small or huge pages, and regions of devices.
//
// The bytes are the frames' own, so what a device writes is there at once. JavaScript cannot stop a
// program from touching memory that it mapped without permission; the kernel's own accesses are held
// to the protection.

import { Backing } from "./backing.ts";
import { EBADF, EINVAL, ENOMEM } from "./errno.ts";
import type { FrameSource } from "./frame-source.ts";
import type { HostMemory, MapMemoryRequest } from "./port-types.ts";
import type { Process } from "./process.ts";
import { type Area, PAGE } from "./user-memory.ts";

export interface MemoryPolicy {
  readonly frames: FrameSource;
  readonly pageSize: number;
  /** How small pages lie in physical memory. */
  readonly layout: "contiguous" | "scattered";
  /** Free huge pages by size in bytes; taken and given back as areas come and go. */
  readonly hugePages: Map<number, number>;
  /** How the huge pages of one area lie to each other. */
  readonly hugePageLayout: "contiguous" | "scattered";
}

const NO_BYTES = new Uint8Array(0);

export function mapMemory(
  process: Process,
  policy: MemoryPolicy,
  request: MapMemoryRequest,
): HostMemory | number {
  if (request.fd !== undefined) return mapFile(process, request);
  const pageSize = request.pageSize ?? policy.pageSize;
  const huge = pageSize !== policy.pageSize;
  const free = huge ? policy.hugePages.get(pageSize) : Number.POSITIVE_INFINITY;
  if (free === undefined || !(request.length > 0)) return -EINVAL;
  const units = Math.ceil(request.length / pageSize);
  const pages = (units * pageSize) / PAGE;
  const firstPage = process.memory.place(pages, pageSize / PAGE);
  if (firstPage === undefined || units > free) return -ENOMEM;
  const layout = huge ? policy.hugePageLayout : policy.layout;
  const frames = policy.frames.allocate(pages, layout, pageSize / PAGE);
  const backing = new Backing(policy.frames, frames, huge ? Math.log2(pageSize) : undefined);
  const protection = request.protection ?? "read-write";
  const area: Area = { firstPage, pages, protection, backing };
  process.memory.add(area);
  if (huge) policy.hugePages.set(pageSize, free - units);
  return hostMemory(process, area, pageSize, () => {
    if (huge) policy.hugePages.set(pageSize, (policy.hugePages.get(pageSize) ?? 0) + units);
  });
}

/** The file decides whether it can be mapped and what stands behind the area. */
function mapFile(process: Process, request: MapMemoryRequest): HostMemory | number {
  const file = process.fds.get(request.fd ?? -1);
  if (file === undefined) return -EBADF;
  const backing = file.map(request);
  if (typeof backing === "number") return backing;
  const pages = Math.ceil(request.length / PAGE);
  const firstPage = process.memory.place(pages, 1);
  if (firstPage === undefined) {
    backing.unmap();
    return -ENOMEM;
  }
  const protection = request.protection ?? "read-write";
  const area: Area = { firstPage, pages, protection, backing };
  process.memory.add(area);
  return hostMemory(process, area, PAGE, () => undefined);
}

function hostMemory(
  process: Process,
  area: Area,
  pageSize: number,
  afterClose: () => void,
): HostMemory {
  let open = true;
  return {
    address: BigInt(area.firstPage) * BigInt(PAGE),
    get bytes() {
      return open && process.alive ? area.backing.bytes : NO_BYTES;
    },
    pageSize,
    close() {
      if (!open) return 0;
      open = false;
      process.memory.remove(area);
      afterClose();
      return 0;
    },
  };
}
