// A scenario: a short program that uses one part of the library, and the stage it plays on.
//
// The stage remembers what was opened, so that after a fault the sweep can look at what is left, use
// it, and close it. A scenario catches only errors that it provokes itself.

import {
  type Container,
  createIommu,
  type Device,
  type DmaMemory,
  type ErrorCode,
  type Iommu,
  type IommuBackend,
  isIommuError,
  type MemoryOptions,
  type OpenContainerOptions,
} from "@iommukit/core";
import type { KernelPort } from "../kernel/port-types.ts";
import type { HostOptions } from "../machines/simulated-host.ts";

export interface Scenario {
  readonly name: string;
  readonly run: (stage: Stage) => void | Promise<void>;
  /** What the machine's kernel is told for it. */
  readonly host?: HostOptions;
}

export class Stage {
  readonly iommu: Iommu;
  readonly backend: () => IommuBackend;
  readonly containers: Container[] = [];
  readonly memories: DmaMemory[] = [];

  constructor(port: KernelPort, backend: () => IommuBackend) {
    this.iommu = createIommu(port);
    this.backend = backend;
  }

  open(groups: readonly number[] = [2], more: Partial<OpenContainerOptions> = {}): Container {
    const container = this.iommu.openContainer({ groups, backends: [this.backend()], ...more });
    this.containers.push(container);
    return container;
  }

  /** Memory in which no two bytes near each other are alike. */
  memory(pages: number, options?: MemoryOptions): DmaMemory {
    const memory = this.iommu.allocate(pages * 4096, options);
    this.memories.push(memory);
    for (let page = 0; page < pages; page++)
      for (let at = 0; at < 16; at++) memory.bytes[page * 4096 + at] = page * 16 + at + 1;
    return memory;
  }

  device(container: Container, address = "0000:00:02.0"): Device {
    return container.openDevice(address);
  }

  /** Runs what must be refused with this code; anything else goes on, as it would without. */
  refused(code: ErrorCode, action: () => unknown): void {
    try {
      action();
    } catch (error) {
      if (!isIommuError(error, code)) throw error;
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
