// The VFIO driver of Freescale's vendor kernels (vfio_iommu_fsl_pamu), and what its ABI is worth.
//
// Two modes: exactly as it is, errors swallowed (pamu/compat.ts), and as it should be (pamu/strict.ts).

import * as command from "../decode/commands.ts";
import * as pamu from "../decode/pamu.ts";
import { EINVAL, ENOTTY } from "../errno.ts";
import type { PamuDriver } from "../iommu/pamu/driver.ts";
import type { IommuGroup } from "../iommu-group.ts";
import type { IoctlCall } from "../open-file.ts";
import type { ByteOrder } from "../port-types.ts";
import type { ContainerDriver, ContainerDriverType, MappingReport } from "./driver.ts";
import { CompatCalls, type StackGarbage } from "./pamu/compat.ts";
import { type PamuCalls, PamuContainer } from "./pamu/container.ts";
import type { DmaEntry } from "./pamu/dma-list.ts";
import { StrictCalls } from "./pamu/strict.ts";

export interface PamuDriverTypeOptions {
  readonly driver: PamuDriver;
  readonly order: ByteOrder;
  /** Its IOMMU type: 2 in SDK 1.4, 1000 in SDK 1.6 to 1.9, 7 in SDK 2.0. */
  readonly extension: number;
  readonly garbage: StackGarbage;
}

export function pamuDriverType(options: PamuDriverTypeOptions): ContainerDriverType {
  const { driver, order, extension, garbage } = options;
  return {
    name: "vfio_iommu_fsl_pamu",
    checkExtension: (value) => (value === extension ? 1 : 0),
    open(value) {
      if (value !== extension) return -EINVAL;
      const container = new PamuContainer(driver, order);
      const isStrict = driver.mode === "strict";
      const calls = isStrict ? new StrictCalls(container) : new CompatCalls(container, garbage);
      return new PamuSession(container, calls, extension);
    },
  };
}

class PamuSession implements ContainerDriver {
  readonly #container: PamuContainer;
  readonly #calls: PamuCalls;
  readonly #extension: number;

  constructor(container: PamuContainer, calls: PamuCalls, extension: number) {
    this.#container = container;
    this.#calls = calls;
    this.#extension = extension;
  }

  checkExtension(value: number): number {
    return value === this.#extension ? 1 : 0;
  }

  commandName(number: number): string | undefined {
    return pamu.PAMU_NAMES[number];
  }

  ioctl(call: IoctlCall): number {
    switch (call.command) {
      case command.IOMMU_MAP_DMA:
        return this.#calls.mapDma(call);
      case command.IOMMU_UNMAP_DMA:
        return this.#calls.unmapDma(call);
      case pamu.PAMU_GET_ATTR:
        return this.#calls.getAttribute(call);
      case pamu.PAMU_SET_ATTR:
        return this.#calls.setAttribute(call);
      case pamu.PAMU_GET_MSI_BANK_COUNT:
        return this.#container.driver.soc.msiBanks.length;
      case pamu.PAMU_MAP_MSI_BANK:
        return this.#calls.mapMsi(call);
      case pamu.PAMU_UNMAP_MSI_BANK:
        return this.#calls.unmapMsi(call);
      default:
        return -ENOTTY;
    }
  }

  attachGroup(group: IommuGroup): number {
    const { groups, domain } = this.#container;
    if (groups.includes(group)) return -EINVAL;
    const attached: number[] = [];
    for (const liodn of this.#liodnsOf(group)) {
      const errno = domain.attach(liodn);
      if (errno !== 0) {
        for (const done of attached.reverse()) domain.detach(done);
        return errno;
      }
      attached.push(liodn);
    }
    groups.push(group);
    return 0;
  }

  detachGroup(group: IommuGroup): void {
    const { groups, domain, driver } = this.#container;
    if (!groups.includes(group)) return;
    for (const liodn of this.#liodnsOf(group)) domain.detach(liodn);
    groups.splice(groups.indexOf(group), 1);
    if (groups.length > 0) return;
    this.#calls.release();
    driver.freeDomain(domain);
  }

  mappings(): readonly MappingReport[] {
    return this.#container.list.all.map((entry) => this.#describe(entry));
  }

  /** One for each device and LIODN; a device without any has one that no table holds. */
  #liodnsOf(group: IommuGroup): readonly number[] {
    return group.devices.flatMap(({ requester }) => {
      const liodns = this.#container.driver.liodnsOf(requester);
      return liodns.length === 0 ? [-1] : [...liodns];
    });
  }

  #describe({ iova, size, vaddr, access, process }: DmaEntry): MappingReport {
    const { read, write } = access;
    const one = write ? "write" : "read";
    return {
      iova,
      size,
      vaddr,
      access: read && write ? "read-write" : one,
      pid: process.pid,
      lockedPages: this.#calls.lockedPages(iova, size),
      pinnedPages: this.#calls.pinnedPages(iova, size),
    };
  }
}
