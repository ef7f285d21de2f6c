// One simulated process: descriptors, memory, locked memory and what it may do.
//
// A fork shares open files but not memory: no case needs copied pages, and shared ones would hide
// whose locked memory is counted.

import { FdTable } from "./fd-table.ts";
import { LockedMemory } from "./locked-memory.ts";
import { AddressSpace, PAGE } from "./user-memory.ts";

/** Linux capabilities that some call here asks for. */
export type Capability = "CAP_IPC_LOCK" | "CAP_SYS_RAWIO" | "CAP_DAC_OVERRIDE";

const ALL_CAPABILITIES: readonly Capability[] = [
  "CAP_IPC_LOCK",
  "CAP_SYS_RAWIO",
  "CAP_DAC_OVERRIDE",
];

/** Who the process is and what it may use. */
export interface ProcessOptions {
  /** Default 0, root. */
  readonly uid?: number;
  /** Default: all for root, none for others. */
  readonly capabilities?: readonly Capability[];
  /** RLIMIT_MEMLOCK in bytes; default 8 MiB, Linux' own; Infinity is unlimited. */
  readonly lockedMemoryLimit?: number;
  /** RLIMIT_NOFILE; default 1024. */
  readonly descriptorLimit?: number;
}

/** A process as the kernel keeps it. */
export class Process {
  readonly pid: number;
  readonly uid: number;
  readonly fds: FdTable;
  readonly memory: AddressSpace;
  readonly locked: LockedMemory;
  readonly #capabilities: ReadonlySet<Capability>;
  alive = true;

  /** `mmapTop` is one beyond the highest page that mmap hands out. */
  constructor(pid: number, mmapTop: number, options: ProcessOptions) {
    this.pid = pid;
    this.uid = options.uid ?? 0;
    this.#capabilities = new Set(options.capabilities ?? (this.uid === 0 ? ALL_CAPABILITIES : []));
    this.fds = new FdTable(options.descriptorLimit ?? 1024);
    this.memory = new AddressSpace(mmapTop);
    this.locked = new LockedMemory(
      Math.floor((options.lockedMemoryLimit ?? 8 * 1024 * 1024) / PAGE),
      this.can("CAP_IPC_LOCK"),
    );
  }

  can(capability: Capability): boolean {
    return this.#capabilities.has(capability);
  }

  /** Closes every descriptor and unmaps all memory, as exit does; pinned frames stay. */
  exit(): void {
    this.alive = false;
    this.fds.closeAll();
    for (const area of [...this.memory.areas]) this.memory.remove(area);
  }
}
