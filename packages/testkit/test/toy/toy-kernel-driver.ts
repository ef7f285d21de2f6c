// The toy architecture's kernel side: an IOMMU type of its own, one small window, no ranges to ask.
//
// Unlike Type1 it answers an unmap with nothing, takes no flags but an access word, and counts pages
// in a field of its own: a contract that only fitted Type1 would not fit it.

import {
  type ContainerDriver,
  type ContainerDriverType,
  errno,
  type IoctlCall,
  type IommuDomain,
  type IommuGroup,
  type MappingReport,
  type PinnedRun,
  type Process,
} from "@iommukit/testkit/kernel";

export const TOY_IOMMU = 77;
const TOY_MAP = 40;
const TOY_UNMAP = 41;
const FIRST_FRAME = 0x80000;
const LAST_FRAME = 0x8ffff;
const SLOTS = 64;
const ACCESSES = ["read", "read", "write", "read-write"] as const;

interface Slot {
  readonly frame: number;
  readonly pages: number;
  readonly host: number;
  readonly write: boolean;
  readonly read: boolean;
  readonly runs: readonly PinnedRun[];
  readonly process: Process;
}

export function toyDriver(): ContainerDriverType {
  return {
    name: "toy",
    checkExtension: (value) => (value === TOY_IOMMU ? SLOTS : 0),
    open: (value) => (value === TOY_IOMMU ? new ToySession() : -errno.EINVAL),
  };
}

class ToySession implements ContainerDriver {
  readonly #groups: IommuGroup[] = [];
  readonly #slots: Slot[] = [];
  #domain: IommuDomain | undefined;

  checkExtension(value: number): number {
    return value === TOY_IOMMU ? SLOTS : 0;
  }

  attachGroup(group: IommuGroup): number {
    this.#domain ??= group.iommu.createDomain();
    for (const device of group.devices) this.#domain.attach(device.requester);
    this.#groups.push(group);
    return 0;
  }

  detachGroup(group: IommuGroup): void {
    for (const device of group.devices) this.#domain?.detach(device.requester);
    this.#groups.splice(this.#groups.indexOf(group), 1);
    if (this.#groups.length > 0) return;
    for (const slot of this.#slots.splice(0)) this.#release(slot);
    this.#domain?.free();
    this.#domain = undefined;
  }

  ioctl(call: IoctlCall): number {
    if (call.command === TOY_MAP) return this.#map(call);
    return call.command === TOY_UNMAP ? this.#unmap(call) : -errno.ENOTTY;
  }

  mappings(): readonly MappingReport[] {
    return this.#slots.map((slot) => ({
      iova: BigInt(slot.frame) << 12n,
      size: BigInt(slot.pages) << 12n,
      vaddr: BigInt(slot.host) << 12n,
      access: ACCESSES[(slot.read ? 1 : 0) + (slot.write ? 2 : 0)] ?? "read",
      pid: slot.process.pid,
      lockedPages: 0,
      pinnedPages: slot.pages,
    }));
  }

  /** { u64 host; u32 frame; u32 pages; u32 access (1 write, 2 read); u32 zero } */
  #map({ argument, process }: IoctlCall): number {
    const bytes = argument.read(0, 24);
    if (bytes === undefined) return -errno.EFAULT;
    const view = new DataView(bytes.buffer, bytes.byteOffset, 24);
    const host = Number(view.getBigUint64(0, true) >> 12n);
    const frame = view.getUint32(8, true);
    const pages = view.getUint32(12, true);
    const access = view.getUint32(16, true);
    if (frame < FIRST_FRAME || frame + pages - 1 > LAST_FRAME || pages === 0) return -errno.ERANGE;
    if (access === 0 || access > 3 || view.getUint32(20, true) !== 0) return -errno.EINVAL;
    if (this.#slots.length === SLOTS) return -errno.ENOSPC;
    const runs = pin(process, host, pages, (access & 1) !== 0);
    if (runs === undefined) return -errno.EFAULT;
    const slot = {
      frame,
      pages,
      host,
      write: (access & 1) !== 0,
      read: (access & 2) !== 0,
      runs,
      process,
    };
    let at = frame;
    for (const run of runs) {
      this.#domain?.map(at, run.frame, run.frames, slot);
      at += run.frames;
    }
    this.#slots.push(slot);
    return 0;
  }

  /** The argument register is the first frame of a mapping. */
  #unmap({ argument }: IoctlCall): number {
    const at = this.#slots.findIndex((slot) => slot.frame === argument.register);
    const [slot] = at < 0 ? [] : this.#slots.splice(at, 1);
    if (slot === undefined) return -errno.ENOENT;
    this.#release(slot);
    return 0;
  }

  #release(slot: Slot): void {
    let at = slot.frame;
    for (const run of slot.runs) {
      this.#domain?.unmap(at, run.frames);
      run.backing.unpin(run.frames);
      at += run.frames;
    }
  }
}

function pin(
  process: Process,
  host: number,
  pages: number,
  write: boolean,
): PinnedRun[] | undefined {
  const runs: PinnedRun[] = [];
  for (let done = 0; done < pages; ) {
    const run = process.memory.pin(host + done, pages - done, write ? "write" : "read");
    if (run === undefined) {
      for (const pinned of runs) pinned.backing.unpin(pinned.frames);
      return undefined;
    }
    runs.push(run);
    done += run.frames;
  }
  return runs;
}
