// What one conformance case is given: a port, a backend, devices that do DMA, and a call counter.
//
// Nothing here knows whether the kernel is simulated: the same cases run on real ones.

import {
  type Container,
  createIommu,
  type Device,
  type DmaMemory,
  type Iommu,
  type IommuBackend,
  type KernelPort,
  type OpenContainerOptions,
} from "@iommukit/core";
import { type EduDriver, openEdu } from "../drivers/edu-driver.ts";
import { expectThat } from "./expect.ts";

/** A device the cases may use; each in a group of its own, bound to a VFIO driver, nothing open. */
export interface TestDevice {
  readonly address: string;
  readonly group: number;
  readonly kind: string;
}

export interface ConformanceSetup {
  readonly port: KernelPort;
  readonly devices: readonly TestDevice[];
  /** Bytes of the pages behind memory of at least this size, where windows need it contiguous. */
  readonly hugePage?: number;
}

export interface Bench {
  readonly container: Container;
  readonly device: Device;
  readonly edu: EduDriver;
}

export class World {
  readonly iommu: Iommu;
  readonly backend: IommuBackend;
  readonly devices: readonly TestDevice[];
  readonly #containers: Container[] = [];
  readonly #memories: DmaMemory[] = [];
  readonly #calls = { made: 0 };

  constructor(setup: ConformanceSetup, backend: IommuBackend) {
    const counted = countingPort(setup.port, () => {
      this.#calls.made++;
    });
    this.iommu = withHugePages(createIommu(counted), setup.hugePage);
    this.backend = backend;
    this.devices = setup.devices.filter((device) => device.kind === "edu");
  }

  get port(): KernelPort {
    return this.iommu.port;
  }

  /** The nth device that does DMA. */
  device(index = 0): TestDevice {
    const device = this.devices[index];
    expectThat(device !== undefined, `the machine has an edu device number ${index}`);
    return device;
  }

  open(options: Partial<OpenContainerOptions> = {}): Container {
    const container = this.iommu.openContainer({
      groups: [this.device().group],
      backends: [this.backend],
      // QEMU's virtio-iommu remaps no interrupts; the cases are about memory.
      accept: ["unsafe-interrupts"],
      ...options,
    });
    this.#containers.push(container);
    return container;
  }

  /** A container with the first device open and its DMA engine ready. */
  bench(): Bench {
    const container = this.open();
    return { container, ...this.openEdu(container) };
  }

  openEdu(container: Container, index = 0): { device: Device; edu: EduDriver } {
    const device = container.openDevice(this.device(index).address);
    return { device, edu: openEdu(device) };
  }

  /** Memory filled with a pattern that differs in every page. */
  memory(size: number, seed = 1): DmaMemory {
    const memory = this.iommu.allocate(size);
    memory.bytes.forEach((_, i) => {
      memory.bytes[i] = patternByte(i, seed);
    });
    this.#memories.push(memory);
    return memory;
  }

  /** Memory announced to a container, as portable programs do. */
  registered(container: Container, size: number, seed = 1): DmaMemory {
    const memory = this.memory(size, seed);
    container.memory.register(memory.address, memory.size);
    return memory;
  }

  /** System calls made while `action` runs, whether it throws or not. */
  callsDuring(action: () => unknown): number {
    const before = this.#calls.made;
    try {
      action();
    } catch {
      // The caller asserts on the throw separately.
    }
    return this.#calls.made - before;
  }

  /** Closes what the case opened: memory last, since a container's mappings stand on it. */
  close(): void {
    for (const container of this.#containers) container.close();
    for (const memory of this.#memories) memory.close();
  }
}

/** Memory that a case asks for without a word on pages, in huge ones if it is that large. */
function withHugePages(iommu: Iommu, pageSize: number | undefined): Iommu {
  if (pageSize === undefined) return iommu;
  const isLarge = (size: bigint | number): boolean => size >= pageSize && size < 2 ** 40;
  return {
    ...iommu,
    allocate: (size, options) =>
      iommu.allocate(size, options ?? (isLarge(size) ? { pageSize } : undefined)),
  };
}

function patternByte(index: number, seed: number): number {
  return (index * 31 + (index >>> 12) * 17 + seed * 101 + 7) & 0xff;
}

function countingPort(port: KernelPort, count: () => void): KernelPort {
  return new Proxy(port, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name);
      if (typeof value !== "function") return value;
      return (...args: unknown[]): unknown => {
        count();
        return Reflect.apply(value, target, args);
      };
    },
  });
}
