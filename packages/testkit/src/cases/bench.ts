// Where one case runs: descriptors by name, memory by name, and everything put back at the end.
//
// Knows nothing of answers; the steps do. Closing works in any state, so that a case that fails in
// the middle leaves nothing to the next.

import type { HostMemory, KernelPort } from "@iommukit/core/port";
import { Child } from "./child.ts";
import { cString, readField, request, struct } from "./encode.ts";
import type { Abilities, CaseDevice, CaseHost, MemoryFile, OtherPort } from "./host.ts";
import { giveTo, type SharedGroup } from "./shared-group.ts";

export const P = 4096;
/** The group that EM and the others start with is opened under this name. */
export const GROUP = "group";
export const CONTAINER = "container";
export const DEVICE = "device";
const V_PAGES = 64;

export class Bench {
  readonly devices: readonly CaseDevice[];
  readonly mediated: CaseDevice | undefined;
  readonly abilities: Abilities;
  /** Found once: what a case binds changes what could be found. */
  shared: SharedGroup | undefined;
  readonly #host: CaseHost;
  readonly #descriptors = new Map<string, number>();
  readonly #memories = new Map<string, HostMemory>();
  readonly #child: Child;
  readonly #parameters = new Map<string, string>();
  readonly #given = new Map<string, string | undefined>();
  readonly #values = new Map<string, bigint>();
  #file: MemoryFile | undefined;

  constructor(host: CaseHost) {
    this.#host = host;
    this.devices = onePerGroup(host.devices.filter(({ kind }) => kind !== "mdev"));
    this.mediated = host.devices.find(({ kind }) => kind === "mdev");
    this.abilities = host.abilities ?? {};
    this.#child = new Child(this.abilities);
  }

  /** The first process; `child` is the one that a case forked. */
  get port(): KernelPort {
    return this.#host.port;
  }

  portOf(process: "parent" | "child" = "parent"): OtherPort {
    return process === "parent" ? this.port : this.#child.port;
  }

  device(index = 0): CaseDevice {
    const device = this.devices[index];
    if (device === undefined) throw new Error(`the host has no device number ${index}`);
    return device;
  }

  /** A descriptor by name; -1, which is never open, for a name that nobody has. */
  fd(name: string): number {
    return this.#descriptors.get(name) ?? -1;
  }

  /** Keeps what a call answered if it is a descriptor. */
  keep(name: string, result: number): number {
    if (result >= 0) this.#descriptors.set(name, result);
    return result;
  }

  open(name: string, path: string): number {
    return this.keep(name, this.port.open(path, "rw"));
  }

  openGroup(name: string, group: number): number {
    return this.open(name, `/dev/vfio/${group}`);
  }

  openDevice(name: string, group: string, address: string): number {
    return this.keep(name, this.call(group, 6, cString(address)));
  }

  close(name: string): number {
    const rc = this.port.close(this.fd(name));
    this.#descriptors.delete(name);
    return rc;
  }

  call(name: string, command: number, argument: Uint8Array | number = 0): number {
    return this.port.ioctl(this.fd(name), request(this.port.abi, command), argument);
  }

  setContainer(group: string, container: number): number {
    return this.call(group, 4, struct(this.port.abi, 4, [[0, 4, container]]));
  }

  /** Memory by name; V, the paper's 64 pages, comes of itself. */
  memory(name = "V"): HostMemory {
    return this.#memories.get(name) ?? this.addMemory(name, V_PAGES * P);
  }

  hasMemory(name: string): boolean {
    return this.#memories.has(name) || this.#child.memory(name) !== undefined;
  }

  addMemory(
    name: string,
    length: number,
    options: Partial<Parameters<KernelPort["mapMemory"]>[0]> = {},
  ): HostMemory {
    const memory = this.port.mapMemory({ length, ...options });
    if (typeof memory === "number") throw new Error(`mapMemory answers ${memory}`);
    return this.keepMemory(name, memory);
  }

  addChildMemory(name: string, length: number): void {
    this.#child.addMemory(name, length);
  }

  /** Where memory is in the process that has it. */
  addressOf(name = "V"): bigint {
    return (this.#child.memory(name) ?? this.memory(name)).address;
  }

  keepMemory(name: string, memory: HostMemory): HostMemory {
    this.#memories.set(name, memory);
    return memory;
  }

  /** Stays mapped after the case: what the kernel still holds must not come back as new memory. */
  leaveMapped(name: string): void {
    this.#memories.delete(name);
  }

  closeMemory(name: string): number {
    const rc = this.#memories.get(name)?.close() ?? 0;
    this.#memories.delete(name);
    return rc;
  }

  /** A number that a later step needs. */
  remember(name: string, value: bigint): void {
    this.#values.set(name, value);
  }

  recall(name: string): bigint {
    return this.#values.get(name) ?? 0n;
  }

  /** `lockedPages`: how many pages the child may lock. */
  fork(lockedPages?: number): void {
    this.#child.fork([...this.#descriptors.values()], lockedPages);
  }

  exitChild(): void {
    this.#child.exit();
  }

  memoryFile(bytes: number): MemoryFile {
    this.#file ??= this.abilities.memoryFile?.(bytes);
    if (this.#file === undefined) throw new Error("the host has no memory file");
    return this.#file;
  }

  /** Writes a module parameter; the old value comes back at the end. Answers bytes or -errno. */
  setParameter(path: string, value: string): number {
    const before = this.port.readText(path);
    if (typeof before === "number") return before;
    if (!this.#parameters.has(path)) this.#parameters.set(path, before);
    return this.port.writeText(path, value);
  }

  /** As `setParameter` for a file that lists choices and shows the one in force in brackets. */
  setChoice(path: string, value: string): number {
    const before = this.port.readText(path);
    if (typeof before === "number") return before;
    const inForce = /\[(\w+)\]/.exec(before)?.[1] ?? value;
    if (!this.#parameters.has(path)) this.#parameters.set(path, inForce);
    return this.port.writeText(path, value);
  }

  /** Gives a device to another driver for the length of the case. */
  give(address: string, driver: string | undefined, original: string | undefined): number {
    if (!this.#given.has(address)) this.#given.set(address, original);
    return giveTo(this.port, address, driver);
  }

  /** VmLck of a process, in pages. */
  lockedPages(process: "parent" | "child" = "parent"): number {
    const status = this.portOf(process).readText("/proc/self/status");
    return Number(/^VmLck:\s+(\d+) kB$/m.exec(String(status))?.[1] ?? Number.NaN) / 4;
  }

  /** First and last byte of the group's MSI window, as sysfs tells it. */
  msiWindow(): { readonly first: bigint; readonly last: bigint } | undefined {
    const path = `/sys/kernel/iommu_groups/${this.device().group}/reserved_regions`;
    const found = /^(0x[0-9a-f]+) (0x[0-9a-f]+) msi$/m.exec(String(this.port.readText(path)));
    const [, first, last] = found ?? [];
    if (first === undefined || last === undefined) return undefined;
    return { first: BigInt(first), last: BigInt(last) };
  }

  /** Whether Type1 takes the first group without `allow_unsafe_interrupts`. */
  interruptsIsolated(): boolean {
    const probe = new Bench(this.#host);
    probe.open(CONTAINER, "/dev/vfio/vfio");
    probe.openGroup(GROUP, this.device().group);
    probe.setContainer(GROUP, probe.fd(CONTAINER));
    const isolated = probe.call(CONTAINER, 2, 3) === 0;
    probe.closeAll();
    return isolated;
  }

  /** Whether the first device says FLAGS_RESET. */
  canReset(): boolean {
    const probe = new Bench(this.#host);
    probe.open(CONTAINER, "/dev/vfio/vfio");
    probe.openGroup(GROUP, this.device().group);
    probe.setContainer(GROUP, probe.fd(CONTAINER));
    probe.call(CONTAINER, 2, 3);
    probe.openDevice(DEVICE, GROUP, this.device().address);
    const info = struct(this.port.abi, 24, [[0, 4, 24]]);
    const rc = probe.call(DEVICE, 7, info);
    probe.closeAll();
    return rc === 0 && (readField(this.port.abi, info, 4, 4) & 1n) === 1n;
  }

  /** Puts everything back: devices before groups before containers, memory last. */
  closeAll(): void {
    this.exitChild();
    for (const fd of [...this.#descriptors.values()].reverse()) this.port.close(fd);
    this.#descriptors.clear();
    for (const name of [...this.#memories.keys()]) this.closeMemory(name);
    this.#file?.remove();
    for (const [path, value] of this.#parameters) this.port.writeText(path, value);
    for (const [address, driver] of this.#given) giveTo(this.port, address, driver);
    this.#parameters.clear();
    this.#given.clear();
  }
}

/** Devices that share a group cannot stand for two groups. */
function onePerGroup(devices: readonly CaseDevice[]): readonly CaseDevice[] {
  return devices.filter(
    ({ group }, index) => devices.findIndex((other) => other.group === group) === index,
  );
}
