// The vendor's ABI with nothing in between: bytes written by hand, for the raw half of each pair of tests.

import type { HostMemory, KernelPort } from "@iommukit/core";
import type { SimulatedHost } from "@iommukit/testkit";
import { type HostOptions, type PamuMachineOptions, pamu, simulatedHost } from "@iommukit/testkit";

export const DEVICE = "0000:00:02.0";
export const OTHER_DEVICE = "0000:00:03.0";
export const KIB = 1024;
export const MIB: number = 1024 * KIB;
export const GIB: number = 1024 * MIB;
export const PAGE: number = 4 * KIB;

/** `_IO(';', 100)` on powerpc. */
const IO = 0x2000_3b64;

export class RawPamu {
  readonly host: SimulatedHost;
  readonly port: KernelPort;
  readonly container: number;

  /** Group 2 is in the container and its type is set; nothing else was done. */
  constructor(host: SimulatedHost) {
    this.host = host;
    this.port = host.port;
    this.container = this.port.open("/dev/vfio/vfio", "rw");
    this.join(2);
    this.port.ioctl(this.container, IO + 2, 7);
  }

  /** Answers the group's descriptor. */
  join(group: number): number {
    const fd = this.port.open(`/dev/vfio/${group}`, "rw");
    this.port.ioctl(fd, IO + 4, words(this.container));
    return fd;
  }

  setGeometry(start: number, end: number): number {
    return this.#ioctl(16, words(32, 0, 0, 0, ...halves(start), ...halves(end)));
  }

  setWindows(count: number): number {
    return this.#ioctl(16, words(32, 0, 1, 0, count, 0, 0, 0));
  }

  setStash(cpu: number, cache: number): number {
    return this.#ioctl(16, words(32, 0, 2, 0, cpu, cache, 0, 0));
  }

  /** Words 4 to 7 of the struct that GET_ATTR gives back. */
  attribute(attribute: number): readonly number[] {
    const bytes = words(32, 0, attribute, 0, 0, 0, 0, 0);
    const result = this.#ioctl(15, bytes);
    if (result !== 0) throw new Error(`GET_ATTR: ${result}`);
    const view = new DataView(bytes.buffer);
    return [16, 20, 24, 28].map((at) => view.getUint32(at));
  }

  mapBank(bank: number, iova: number, flags = 3): number {
    return this.#ioctl(18, words(24, flags, bank, 0, ...halves(iova)));
  }

  unmapBank(iova: number): number {
    return this.#ioctl(19, words(16, 0, ...halves(iova)));
  }

  map(iova: number, vaddr: bigint, size: number): number {
    const high = Number(vaddr >> 32n);
    const low = Number(vaddr & 0xffff_ffffn);
    return this.#ioctl(13, words(32, 3, high, low, ...halves(iova), ...halves(size)));
  }

  unmap(iova: number, size: number): number {
    return this.#ioctl(14, words(24, 0, ...halves(iova), ...halves(size)));
  }

  /** Bytes, in pages of a size. */
  memory(length: number, pageSize = PAGE): HostMemory {
    const memory = this.port.mapMemory(pageSize === PAGE ? { length } : { length, pageSize });
    if (typeof memory === "number") throw new Error(`mapMemory: ${memory}`);
    return memory;
  }

  #ioctl(command: number, argument: Uint8Array): number {
    return this.port.ioctl(this.container, IO + command, argument);
  }
}

/** The vendor's kernel as it is, on a P4080 unless told otherwise. */
export function compat(machine: PamuMachineOptions = {}, options: HostOptions = {}): SimulatedHost {
  return simulatedHost(pamu({ soc: "p4080", mode: "sdk-compat", ...machine }), options);
}

/** Raw calls on a fresh vendor kernel. */
export function raw(machine: PamuMachineOptions = {}, options: HostOptions = {}): RawPamu {
  return new RawPamu(compat(machine, options));
}

/** The same with an aperture at 0 that has its windows. */
export function rawDivided(windowSize: number, windows: number): RawPamu {
  const made = raw();
  made.setGeometry(0, windowSize * windows - 1);
  made.setWindows(windows);
  return made;
}

/** Whether a device reaches memory at an address: it writes a mark, and the mark is there. */
export function reaches(
  host: SimulatedHost,
  iova: number | bigint,
  memory: Uint8Array,
  device = DEVICE,
): boolean {
  const mark = (memory[0] ?? 0) ^ 0xff;
  host.dma(device).write(BigInt(iova), Uint8Array.of(mark));
  return memory[0] === mark;
}

function words(...values: readonly number[]): Uint8Array {
  const view = new DataView(new ArrayBuffer(4 * values.length));
  for (const [index, value] of values.entries()) view.setUint32(4 * index, value);
  return new Uint8Array(view.buffer);
}

function halves(value: number): readonly [number, number] {
  return [Math.floor(value / 2 ** 32), value % 2 ** 32];
}
