// A client that writes the bytes of every PAMU call by hand: for the tests of this kernel only.
//
// Big-endian, numbers as powerpc encodes them; it shares no table with the kernel's decoders.

import type { HostMemory, KernelPort } from "../port-types.ts";

export const MIB: number = 1024 * 1024;
/** `_IO(';', 100)` on powerpc. */
const IO = 0x2000_3b64;

export interface PamuMapArguments {
  readonly vaddr: bigint;
  readonly iova: bigint | number;
  readonly size: bigint | number;
  readonly flags?: number;
  readonly argsz?: number;
}

/** One GET_ATTR's answer. */
export interface Attribute {
  readonly rc: number;
  readonly bytes: Uint8Array;
  readonly view: DataView;
}

export class PamuClient {
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

  setContainer(group: number, container: number): number {
    return this.ioctl(group, 4, words(container));
  }

  setIommu(container: number, type: number): number {
    return this.ioctl(container, 2, type);
  }

  /** GET_ATTR into a struct of zeros. */
  getAttribute(container: number, attribute: number, argsz = 32, flags = 0): Attribute {
    const bytes = words(argsz, flags, attribute, 0, 0, 0, 0, 0);
    const rc = this.ioctl(container, 15, bytes);
    return { rc, bytes, view: new DataView(bytes.buffer) };
  }

  /** SET_ATTR with words 0 to 2 and whatever the attribute has from word 4 on. */
  setAttribute(container: number, attribute: number, ...rest: readonly number[]): number {
    return this.ioctl(container, 16, attributeBytes(attribute, ...rest));
  }

  setGeometry(container: number, start: number, end: number): number {
    const [sh, sl] = halves(start);
    const [eh, el] = halves(end);
    return this.setAttribute(container, 0, sh, sl, eh, el);
  }

  setWindows(container: number, count: number): number {
    return this.setAttribute(container, 1, count);
  }

  setStash(container: number, cpu: number, cache: number): number {
    return this.setAttribute(container, 2, cpu, cache);
  }

  geometry(container: number): readonly [number, number] {
    const { view } = this.getAttribute(container, 0);
    return [Number(view.getBigUint64(16)), Number(view.getBigUint64(24))];
  }

  windows(container: number): number {
    return this.getAttribute(container, 1).view.getUint32(16);
  }

  stash(container: number): readonly [number, number] {
    const { view } = this.getAttribute(container, 2);
    return [view.getUint32(16), view.getUint32(20)];
  }

  bankCount(container: number): number {
    return this.ioctl(container, 17);
  }

  mapMsi(container: number, bank: number, iova: number, flags = 3): number {
    return this.ioctl(container, 18, words(24, flags, bank, 0, ...halves(iova)));
  }

  unmapMsi(container: number, iova: number, flags = 0): number {
    return this.ioctl(container, 19, words(16, flags, ...halves(iova)));
  }

  map(container: number, request: PamuMapArguments): number {
    const view = new DataView(new ArrayBuffer(32));
    view.setUint32(0, request.argsz ?? 32);
    view.setUint32(4, request.flags ?? 3);
    view.setBigUint64(8, request.vaddr);
    view.setBigUint64(16, BigInt(request.iova));
    view.setBigUint64(24, BigInt(request.size));
    return this.ioctl(container, 13, new Uint8Array(view.buffer));
  }

  unmap(container: number, iova: bigint | number, size: bigint | number, flags = 0): number {
    const view = new DataView(new ArrayBuffer(24));
    view.setUint32(0, 24);
    view.setUint32(4, flags);
    view.setBigUint64(8, BigInt(iova));
    view.setBigUint64(16, BigInt(size));
    return this.ioctl(container, 14, new Uint8Array(view.buffer));
  }

  /** Memory of pages of a size; fails the test if there is none. */
  memory(length: number, pageSize?: number): HostMemory {
    const request = pageSize === undefined ? { length } : { length, pageSize };
    const memory = this.port.mapMemory(request);
    if (typeof memory === "number") throw new Error(`mapMemory: ${memory}`);
    return memory;
  }
}

/** The bytes of SET_ATTR. */
export function attributeBytes(attribute: number, ...rest: readonly number[]): Uint8Array {
  const all = [32, 0, attribute, 0, ...rest];
  return words(...all, ...Array.from({ length: 8 - all.length }, () => 0));
}

/** Big-endian 32-bit words. */
export function words(...values: readonly number[]): Uint8Array {
  const view = new DataView(new ArrayBuffer(4 * values.length));
  for (const [index, value] of values.entries()) view.setUint32(4 * index, value);
  return new Uint8Array(view.buffer);
}

function halves(value: number): readonly [number, number] {
  return [Math.floor(value / 2 ** 32), value % 2 ** 32];
}
