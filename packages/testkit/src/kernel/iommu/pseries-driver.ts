// The simulated kernel's IOMMU driver in an LPAR: every group is a PE below a PHB of its own.

import type { PaprHypervisor } from "../../hardware/tce/papr-hypervisor.ts";
import type { IommuDomain, IommuDriver, MessageTarget, ReservedRegion } from "./domain.ts";
import { PseriesGroup } from "./pseries-group.ts";

/** The PHB's window for messages, and data as the kernel numbers them. */
const MESSAGES: MessageTarget = { address: 1n << 42n, data: 0x40 };

export class PseriesDriver implements IommuDriver {
  readonly name = "pseries";
  readonly sysfsLink = "../../virtual/iommu/iommu-phb0000";
  readonly interruptsIsolated = true;
  /** A platform domain has no name in sysfs: seen on Linux 6.12, powernv and pseries. */
  readonly groupType = "unknown";
  readonly #hypervisor: PaprHypervisor;
  readonly #groups = new Map<number, PseriesGroup>();
  readonly #ofRequester = new Map<number, PseriesGroup>();

  constructor(hypervisor: PaprHypervisor) {
    this.#hypervisor = hypervisor;
  }

  adopt(requester: number, group: number): void {
    this.#hypervisor.plug(requester, group);
    const made = this.#groups.get(group) ?? new PseriesGroup(this.#hypervisor, group);
    this.#groups.set(group, made);
    this.#ofRequester.set(requester, made);
  }

  tableGroup(requester: number): PseriesGroup | undefined {
    return this.#ofRequester.get(requester);
  }

  messageTarget(): MessageTarget {
    return MESSAGES;
  }

  groupName(group: number): string {
    return `domain${group}-pe0`;
  }

  createDomain(): IommuDomain {
    throw new Error("a POWER kernel has no Type1");
  }

  reservedRegions(): readonly ReservedRegion[] {
    return [];
  }

  block(requester: number): void {
    this.#ofRequester.get(requester)?.takeFromKernel();
  }

  unblock(requester: number): void {
    this.#ofRequester.get(requester)?.giveToKernel();
  }
}
