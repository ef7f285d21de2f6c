// A scenario: a short program that uses one part of the library, and the stage it plays on.
//
// The stage remembers what was opened, so that after a fault the sweep can look at what is left, use
// it, and close it. A scenario catches only errors that it provokes itself.

import {
  type CapabilityName,
  type Container,
  createIommu,
  type Device,
  type DmaMemory,
  type ErrorCode,
  type Iommu,
  type IommuBackend,
  isIommuError,
  type MemoryOptions,
  type MemoryRegistration,
  type OpenContainerOptions,
} from "@iommukit/core";
import type { KernelPort } from "../kernel/port-types.ts";
import type { HostOptions } from "../machines/simulated-host.ts";

export interface Scenario {
  readonly name: string;
  readonly run: (stage: Stage) => void | Promise<void>;
  /** A capability without which it cannot be played. */
  readonly needs?: CapabilityName;
  /** What the machine's kernel is told for it. */
  readonly host?: HostOptions;
}

export class Stage {
  readonly iommu: Iommu;
  readonly backend: () => IommuBackend;
  readonly containers: Container[] = [];
  readonly memories: DmaMemory[] = [];
  readonly #announced = new Map<DmaMemory, MemoryRegistration[]>();

  constructor(port: KernelPort, backend: () => IommuBackend) {
    this.iommu = createIommu(port);
    this.backend = backend;
  }

  open(groups: readonly number[] = [2], more: Partial<OpenContainerOptions> = {}): Container {
    const container = this.iommu.openContainer({ groups, backends: [this.backend()], ...more });
    this.containers.push(container);
    for (const memory of this.#announced.keys()) this.announce(container, memory);
    return container;
  }

  /** Registers memory where that is needed before it is mapped; elsewhere no scenario needs it. */
  announce(container: Container, memory: DmaMemory): void {
    if (container.capabilities["memory-registration"]?.offered !== true) return;
    this.#announced.get(memory)?.push(container.memory.register(memory.address, memory.size));
  }

  /** Frees memory that was announced. */
  free(memory: DmaMemory): void {
    for (const registration of this.#announced.get(memory) ?? []) registration.close();
    memory.close();
  }

  /** Memory in which no two bytes near each other are alike, announced to every container. */
  memory(pages: number, options?: MemoryOptions): DmaMemory {
    const memory = this.foreign(pages, options);
    this.#announced.set(memory, []);
    for (const container of this.containers)
      if (container.state === "enabled") this.announce(container, memory);
    return memory;
  }

  /** The same, announced to none. */
  foreign(pages: number, options?: MemoryOptions): DmaMemory {
    const memory = this.iommu.allocate(pages * 4096, options);
    this.memories.push(memory);
    for (let page = 0; page < pages; page++)
      for (let at = 0; at < 16; at++) memory.bytes[page * 4096 + at] = page * 16 + at + 1;
    return memory;
  }

  device(container: Container, address = "0000:00:02.0"): Device {
    return container.openDevice(address);
  }

  /** Runs what must be refused with this code, or one of these; anything else goes on, as it would without. */
  refused(codes: ErrorCode | readonly ErrorCode[], action: () => unknown): void {
    try {
      action();
    } catch (error) {
      if (!isIommuError(error) || ![codes].flat().includes(error.code)) throw error;
    }
  }

  /** Closes all that is left, container by container; answers what that threw. */
  close(): readonly unknown[] {
    const failures: unknown[] = [];
    for (const each of [...this.containers, ...this.memories]) {
      try {
        each.close();
      } catch (error) {
        failures.push(error);
      }
    }
    return failures;
  }
}
