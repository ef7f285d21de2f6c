// A client of the sPAPR driver that writes the bytes of every call by hand: for tests of this kernel.
//
// It shares no table with the kernel's decoders nor with core. Little-endian 64-bit POWER, numbers and
// places as include/uapi/linux/vfio.h has them.

import type { SimulatedHost } from "../../machines/simulated-host.ts";
import type { HostMemory, KernelPort } from "../port-types.ts";
import { words } from "./raw-client.ts";

const IO = 0x2000_3b64;

export const K = 0x1000;
export const M = 0x10_0000;
/** Bus address of the second window. */
export const W1: bigint = 1n << 59n;

export interface Created {
  readonly rc: number;
  readonly start: bigint;
}

export class SpaprClient {
  readonly port: KernelPort;

  constructor(port: KernelPort) {
    this.port = port;
  }

  ioctl(fd: number, command: number, argument: Uint8Array | number = 0): number {
    return this.port.ioctl(fd, IO + command, argument);
  }

  /** A container with these groups, SET_IOMMU done; throws when that cannot be. */
  ready(version: 1 | 2, ...groups: readonly number[]): number {
    const container = this.port.open("/dev/vfio/vfio", "rw");
    for (const group of groups) this.join(group, container);
    expectZero(this.ioctl(container, 2, version === 1 ? 2 : 7));
    return container;
  }

  /** Opens a group and puts it into a container; answers the group's descriptor. */
  join(group: number, container: number): number {
    const fd = this.port.open(`/dev/vfio/${group}`, "rw");
    expectZero(this.ioctl(fd, 4, words(container)));
    return fd;
  }

  leave(group: number): number {
    return this.ioctl(group, 5);
  }

  info(container: number, argsz = 32, size: number = argsz): { rc: number; view: DataView } {
    const bytes = new Uint8Array(size).fill(0xaa);
    const view = new DataView(bytes.buffer);
    view.setUint32(0, argsz, true);
    return { rc: this.ioctl(container, 12, bytes), view };
  }

  map(
    container: number,
    flags: number,
    vaddr: bigint,
    iova: bigint | number,
    size: bigint | number,
  ): number {
    const view = new DataView(new ArrayBuffer(32));
    view.setUint32(0, 32, true);
    view.setUint32(4, flags, true);
    view.setBigUint64(8, vaddr, true);
    view.setBigUint64(16, BigInt(iova), true);
    view.setBigUint64(24, BigInt(size), true);
    return this.ioctl(container, 13, new Uint8Array(view.buffer));
  }

  unmap(container: number, iova: bigint | number, size: bigint | number, flags = 0): number {
    const view = new DataView(new ArrayBuffer(24));
    view.setUint32(0, 24, true);
    view.setUint32(4, flags, true);
    view.setBigUint64(8, BigInt(iova), true);
    view.setBigUint64(16, BigInt(size), true);
    return this.ioctl(container, 14, new Uint8Array(view.buffer));
  }

  enable(container: number): number {
    return this.ioctl(container, 15);
  }

  disable(container: number): number {
    return this.ioctl(container, 16);
  }

  register(container: number, vaddr: bigint, size: bigint | number): number {
    return this.ioctl(container, 17, range(vaddr, size));
  }

  unregister(container: number, vaddr: bigint, size: bigint | number): number {
    return this.ioctl(container, 18, range(vaddr, size));
  }

  create(container: number, shift: number, size: bigint | number, levels = 1): Created {
    const view = new DataView(new ArrayBuffer(40));
    view.setUint32(0, 40, true);
    view.setUint32(8, shift, true);
    view.setBigUint64(16, BigInt(size), true);
    view.setUint32(24, levels, true);
    const rc = this.ioctl(container, 19, new Uint8Array(view.buffer));
    return { rc, start: view.getBigUint64(32, true) };
  }

  remove(container: number, start: bigint | number): number {
    const view = new DataView(new ArrayBuffer(16));
    view.setUint32(0, 16, true);
    view.setBigUint64(8, BigInt(start), true);
    return this.ioctl(container, 20, new Uint8Array(view.buffer));
  }

  eeh(container: number, op: number, error: { type?: number; func?: number } = {}): number {
    const view = new DataView(new ArrayBuffer(40));
    view.setUint32(0, 40, true);
    view.setUint32(8, op, true);
    view.setUint32(16, error.type ?? 0, true);
    view.setUint32(20, error.func ?? 0, true);
    return this.ioctl(container, 21, new Uint8Array(view.buffer));
  }

  memory(bytes: number, options: Partial<Parameters<KernelPort["mapMemory"]>[0]> = {}): HostMemory {
    const memory = this.port.mapMemory({ length: bytes, ...options });
    if (typeof memory === "number") throw new Error(`mapMemory answers ${memory}`);
    return memory;
  }

  /** VmLck in kB. */
  lockedKilobytes(): number {
    const status = String(this.port.readText("/proc/self/status"));
    return Number(/^VmLck:\s+(\d+) kB$/m.exec(status)?.[1]);
  }
}

/** Eight bytes that a device reads at a bus address, or "blocked". */
export function deviceReads(host: SimulatedHost, address: string, iova: bigint | number): string {
  const bytes = new Uint8Array(8);
  const { moved } = host.dma(address).read(BigInt(iova), bytes);
  return moved === 8 ? [...bytes].join(" ") : "blocked";
}

function range(vaddr: bigint, size: bigint | number): Uint8Array {
  const view = new DataView(new ArrayBuffer(24));
  view.setUint32(0, 24, true);
  view.setBigUint64(8, vaddr, true);
  view.setBigUint64(16, BigInt(size), true);
  return new Uint8Array(view.buffer);
}

function expectZero(rc: number): void {
  if (rc !== 0) throw new Error(`the fixture could not be made: ${rc}`);
}
