// The names that stand for what another run has otherwise: descriptors, memory, groups, devices.

import type { HostMemory } from "@iommukit/core";
import type { HostDevice } from "../host.ts";
import type { FileKind } from "./calls.ts";

/** -1 and its like mean themselves. */
const NO_DESCRIPTOR = /^-?\d+$/;

export class Names {
  readonly #places: readonly (readonly [real: string, name: string])[];
  readonly #fds = new Map<string, { readonly fd: number; readonly kind: FileKind }>();
  readonly #memory = new Map<string, { readonly memory: HostMemory; readonly size: number }>();
  #nextFd: number = 0;
  #nextMemory: number = 0;

  constructor(devices: readonly HostDevice[]) {
    const groups = [...new Set(devices.map(({ group }) => group))];
    this.#places = [
      ...devices.map(({ address }, index) => [address, `{device${index}}`] as const),
      ...groups.flatMap((group, index) => [
        [`/dev/vfio/${group}`, `/dev/vfio/{group${index}}`] as const,
        [`iommu_groups/${group}`, `iommu_groups/{group${index}}`] as const,
      ]),
    ];
  }

  addFd(fd: number, kind: FileKind): string {
    const name = `f${this.#nextFd++}`;
    this.#fds.set(name, { fd, kind });
    return name;
  }

  dropFd(name: string): void {
    this.#fds.delete(name);
  }

  /** The name of an open descriptor, or the number of one that is not. */
  fdName(fd: number): string {
    for (const [name, open] of this.#fds) if (open.fd === fd) return name;
    return String(fd);
  }

  fdOf(name: string): number {
    const open = this.#fds.get(name);
    if (open !== undefined) return open.fd;
    return NO_DESCRIPTOR.test(name) ? Number(name) : -1;
  }

  kindOf(name: string): FileKind {
    return this.#fds.get(name)?.kind ?? "other";
  }

  addMemory(memory: HostMemory, size: number): string {
    const name = `m${this.#nextMemory++}`;
    this.#memory.set(name, { memory, size });
    return name;
  }

  memoryOf(name: string): HostMemory | undefined {
    return this.#memory.get(name)?.memory;
  }

  /** Bytes at an address word such as `m0+0x10`, as far as the memory goes. */
  bytesAt(word: string, length: number): Uint8Array | undefined {
    const [name = "", offset = "0"] = word.split("+");
    const start = Number(offset);
    return this.#memory.get(name)?.memory.bytes.subarray(start, start + length);
  }

  dropMemory(name: string): void {
    this.#memory.delete(name);
  }

  /** `m0+0x1000`, or the number itself for what is nobody's memory. */
  addressName(address: bigint): string {
    for (const [name, { memory, size }] of this.#memory)
      if (address >= memory.address && address < memory.address + BigInt(size))
        return `${name}+0x${(address - memory.address).toString(16)}`;
    return `0x${address.toString(16)}`;
  }

  addressOf(word: string): bigint {
    const [name = "", offset] = word.split("+");
    return (this.memoryOf(name)?.address ?? 0n) + BigInt(offset ?? word);
  }

  /** A path or a device's name with names for places. */
  hidden(text: string): string {
    const found = this.#places.find(([real]) => isIn(text, real));
    return found === undefined ? text : this.hidden(text.replace(found[0], found[1]));
  }

  shown(text: string): string {
    return this.#places.reduce((all, [real, name]) => all.replaceAll(name, real), text);
  }
}

/** `/dev/vfio/2` is not in `/dev/vfio/21`. */
function isIn(text: string, real: string): boolean {
  const at = text.indexOf(real);
  return at >= 0 && !/^\d/.test(text.slice(at + real.length));
}
