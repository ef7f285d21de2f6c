// The simulated kernel's IOMMU driver on bare-metal POWER: PEs, and who owns their DMA.
//
// Every IOMMU group is one PE. It programs the bridge through firmware only.

import type { Opal } from "../../hardware/tce/opal.ts";
import { PE_COUNT } from "../../hardware/tce/phb.ts";
import type { PhysicalMemory } from "../../memory/physical-memory.ts";
import type { IommuDomain, IommuDriver, MessageTarget, ReservedRegion } from "./domain.ts";
import { PowernvEeh } from "./powernv-eeh.ts";
import { PowernvGroup } from "./powernv-group.ts";

export interface PowernvDriverOptions {
  readonly memory: PhysicalMemory;
  readonly opal: Opal;
  /** Bytes of the kernel's page. */
  readonly pageSize: number;
  /** `off` is the kernel's parameter iommu=nobypass. Default on. */
  readonly hostBypass?: "on" | "off";
  /** What a load sees while a reset is asserted. Default 0xff. */
  readonly resetByte?: number;
  /** Tables below the top that each window may still allocate; default as many as it takes. */
  readonly spareTables?: number;
}

/** Firmware gives out PEs from the top and keeps the last two. */
const KEPT_PES = 3;
/** The port for 64-bit messages, and data as the kernel numbers them. */
const MESSAGES: MessageTarget = { address: 1n << 60n, data: 0x40 };

export class PowernvDriver implements IommuDriver {
  readonly name = "powernv";
  readonly sysfsLink = "../../virtual/iommu/iommu-phb0000";
  readonly interruptsIsolated = true;
  /** A platform domain has no name in sysfs: seen on Linux 6.12, powernv and pseries. */
  readonly groupType = "unknown";
  readonly #options: PowernvDriverOptions;
  readonly #groups = new Map<number, PowernvGroup>();
  readonly #ofRequester = new Map<number, PowernvGroup>();

  constructor(options: PowernvDriverOptions) {
    this.#options = options;
  }

  /** A device was found: it belongs to its group's PE, which the kernel itself uses at first. */
  adopt(requester: number, group: number): void {
    const pe = PE_COUNT[this.#options.opal.model] - KEPT_PES - group;
    const known = this.#groups.get(group);
    const made = known ?? this.#newGroup(pe);
    this.#groups.set(group, made);
    this.#ofRequester.set(requester, made);
    this.#options.opal.setPe(pe, requester);
  }

  tableGroup(requester: number): PowernvGroup | undefined {
    return this.#ofRequester.get(requester);
  }

  messageTarget(): MessageTarget {
    return MESSAGES;
  }

  groupName(group: number): string {
    const pe = this.#groups.get(group)?.pe ?? 0;
    return `domain0-pe${pe.toString(16)}`;
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

  /** What loads from a device's registers see instead of them; undefined when they answer. */
  silence(requester: number): number | undefined {
    return this.#ofRequester.get(requester)?.eeh.silence();
  }

  #newGroup(pe: number): PowernvGroup {
    const { opal, memory, pageSize, hostBypass, resetByte } = this.#options;
    return new PowernvGroup({
      opal,
      chunks: memory.chunks,
      pe,
      hostShift: Math.log2(pageSize),
      eeh: new PowernvEeh(opal, pe, resetByte ?? 0xff),
      hostBypass: hostBypass ?? "on",
      spareTables: this.#options.spareTables,
    });
  }
}
