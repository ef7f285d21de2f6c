// A client that writes the bytes of every call by hand: for the tests of this kernel only.
//
// It shares no table with the kernel's decoders nor with core, so a wrong offset on either side
// shows. x86-64, little-endian, numbers as include/uapi/linux/vfio.h has them.

import type { HostMemory, KernelPort } from "../port-types.ts";

export const P = 0x1000;
const IO = 0x3b64;

export interface MapArguments {
  readonly vaddr: bigint;
  readonly iova: bigint;
  readonly size: bigint | number;
  readonly flags?: number;
  readonly argsz?: number;
}

export interface Outcome {
  readonly rc: number;
  readonly size: bigint;
}

/** A GET_DIRTY request; `words` is where the bits go. */
export interface DirtyArguments {
  readonly iova: bigint;
  readonly size: bigint | number;
  readonly data: bigint;
  readonly bytes?: bigint | number;
  readonly pageSize?: bigint | number;
  readonly argsz?: number;
}

export class RawClient {
  readonly port: KernelPort;

  constructor(port: KernelPort) {
    this.port = port;
  }

  ioctl(fd: number, command: number, argument: Uint8Array | number = 0): number {
    return this.port.ioctl(fd, IO + command, argument);
  }

  openContainer(): number {
    return this.port.open("/dev/vfio/vfio", "rw");
  }

  openGroup(group: number): number {
    return this.port.open(`/dev/vfio/${group}`, "rw");
  }

  checkExtension(container: number, value: number): number {
    return this.ioctl(container, 1, value);
  }

  setIommu(container: number, value: number): number {
    return this.ioctl(container, 2, value);
  }

  status(group: number, argsz = 8): { readonly rc: number; readonly flags: number } {
    const view = new DataView(new ArrayBuffer(8));
    view.setUint32(0, argsz, true);
    const rc = this.ioctl(group, 3, new Uint8Array(view.buffer));
    return { rc, flags: view.getUint32(4, true) };
  }

  setContainer(group: number, container: number): number {
    return this.ioctl(group, 4, words(container));
  }

  unsetContainer(group: number): number {
    return this.ioctl(group, 5);
  }

  deviceFd(group: number, name: string): number {
    return this.ioctl(
      group,
      6,
      Uint8Array.from(`${name}\0`, (char) => char.charCodeAt(0)),
    );
  }

  map(container: number, request: MapArguments): number {
    const view = new DataView(new ArrayBuffer(32));
    view.setUint32(0, request.argsz ?? 32, true);
    view.setUint32(4, request.flags ?? 3, true);
    view.setBigUint64(8, request.vaddr, true);
    view.setBigUint64(16, request.iova, true);
    view.setBigUint64(24, BigInt(request.size), true);
    return this.ioctl(container, 13, new Uint8Array(view.buffer));
  }

  unmap(
    container: number,
    iova: bigint,
    size: bigint | number,
    flags: number = 0,
    argsz: number = 24,
  ): Outcome {
    const view = new DataView(new ArrayBuffer(24));
    view.setUint32(0, argsz, true);
    view.setUint32(4, flags, true);
    view.setBigUint64(8, iova, true);
    view.setBigUint64(16, BigInt(size), true);
    const rc = this.ioctl(container, 14, new Uint8Array(view.buffer));
    return { rc, size: view.getBigUint64(16, true) };
  }

  unmapDirty(container: number, request: DirtyArguments): Outcome {
    const view = new DataView(new ArrayBuffer(48));
    view.setUint32(0, request.argsz ?? 48, true);
    view.setUint32(4, 1, true);
    view.setBigUint64(8, request.iova, true);
    view.setBigUint64(16, BigInt(request.size), true);
    this.#bitmap(view, 24, request);
    const rc = this.ioctl(container, 14, new Uint8Array(view.buffer));
    return { rc, size: view.getBigUint64(16, true) };
  }

  /** DIRTY_PAGES with flags alone: START 1, STOP 2. */
  dirty(container: number, flags: number, argsz = 8): number {
    return this.ioctl(container, 17, words(argsz, flags));
  }

  getDirty(container: number, request: DirtyArguments): number {
    const view = new DataView(new ArrayBuffer(48));
    view.setUint32(0, request.argsz ?? 48, true);
    view.setUint32(4, 4, true);
    view.setBigUint64(8, request.iova, true);
    view.setBigUint64(16, BigInt(request.size), true);
    this.#bitmap(view, 24, request);
    return this.ioctl(container, 17, new Uint8Array(view.buffer));
  }

  /** GET_INFO into a buffer filled with 0xee; `argsz` is written first. */
  info(
    container: number,
    argsz: number,
    bufferSize: number = argsz,
  ): { rc: number; view: DataView } {
    const bytes = new Uint8Array(bufferSize).fill(0xee);
    const view = new DataView(bytes.buffer);
    view.setUint32(0, argsz, true);
    return { rc: this.ioctl(container, 12, bytes), view };
  }

  /** Anonymous read-write memory, or the protection asked for; fails the test if there is none. */
  memory(
    pages: number,
    protection: "none" | "read" | "write" | "read-write" = "read-write",
  ): HostMemory {
    const memory = this.port.mapMemory({ length: pages * P, protection });
    if (typeof memory === "number") throw new Error(`mapMemory: ${memory}`);
    return memory;
  }

  /** VmLck of this process in pages. */
  lockedPages(): number {
    const status = this.port.readText("/proc/self/status");
    const match = /^VmLck:\s+(\d+) kB$/m.exec(String(status));
    return Number(match?.[1]) / 4;
  }

  /** DMA_AVAIL of a container, from the second capability. */
  available(container: number): number {
    const { view } = this.info(container, 256);
    return view.getUint32(56 + 8, true);
  }

  #bitmap(view: DataView, at: number, request: DirtyArguments): void {
    view.setBigUint64(at, BigInt(request.pageSize ?? P), true);
    view.setBigUint64(at + 8, BigInt(request.bytes ?? 8), true);
    view.setBigUint64(at + 16, request.data, true);
  }
}

/** Little-endian 32-bit words. */
export function words(...values: readonly number[]): Uint8Array {
  const view = new DataView(new ArrayBuffer(4 * values.length));
  for (const [index, value] of values.entries()) view.setInt32(4 * index, value, true);
  return new Uint8Array(view.buffer);
}
