// The first object a program makes: one kernel behind one port, its groups, memory and containers.

import { groupOf, readGroups } from "./container/groups.ts";
import { openContainer } from "./container/open.ts";
import type { Container, OpenContainerOptions } from "./contract/container.ts";
import type { GroupInfo } from "./contract/group.ts";
import type { DmaMemory, MemoryOptions } from "./contract/memory.ts";
import { allocateMemory } from "./memory/allocate.ts";
import { MemoryTable } from "./memory/memory-table.ts";
import type { KernelPort } from "./port/kernel-port.ts";

/** One kernel behind one port. */
export interface Iommu {
  readonly port: KernelPort;
  /** Every IOMMU group of the machine with its devices; empty when no IOMMU is on. */
  readGroups(): readonly GroupInfo[];
  /** The group of a device. Valid errors: `invalid-argument`, `device-not-found`. */
  groupOf(address: string): number;
  /**
   * Zeroed memory that may be mapped; at least `size` bytes, in whole pages.
   *
   * Valid errors: `invalid-address`, `invalid-argument`, `zero-size`, `out-of-memory`, `kernel-refused`.
   */
  allocate(size: bigint | number, options?: MemoryOptions): DmaMemory;
  /**
   * Opens a container with these groups under the first backend that fits. All or nothing: when it
   * throws, every group and descriptor is as before.
   *
   * Valid errors: `ATTACH_ERRORS`; `no-backend` says for each backend why.
   */
  openContainer(options: OpenContainerOptions): Container;
}

/**
 * The memory of each port. Two `Iommu`s of one port reach the same pages, so they count them together:
 * else one could free what the other's device still writes (I8).
 */
const MEMORY = new WeakMap<KernelPort, MemoryTable>();

function memoryOf(port: KernelPort): MemoryTable {
  const known = MEMORY.get(port) ?? new MemoryTable();
  MEMORY.set(port, known);
  return known;
}

/** Everything starts here. Makes no call. */
export function createIommu(port: KernelPort): Iommu {
  const memory = memoryOf(port);
  return Object.freeze({
    port,
    readGroups: (): readonly GroupInfo[] => readGroups(port),
    groupOf: (address: string): number => groupOf(port, address),
    allocate: (size: bigint | number, options?: MemoryOptions): DmaMemory =>
      allocateMemory(port, memory, size, options),
    openContainer: (options: OpenContainerOptions): Container =>
      openContainer(port, memory, options),
  });
}
