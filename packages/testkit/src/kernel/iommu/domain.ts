// What the simulated kernel's Type1 driver asks of an IOMMU driver: one domain, one page table.
//
// Addresses are 4 KiB frame numbers as doubles (exact to 2^64 bytes); no BigInt on this path.

export interface IovaRange {
  /** First and last frame, both included. */
  readonly first: number;
  readonly last: number;
}

export interface ReservedRegion extends IovaRange {
  readonly type: "direct" | "direct-relaxable" | "reserved" | "msi";
}

/** An I/O address space: a page table and the requesters that translate through it. */
export interface IommuDomain {
  /** Page sizes of the hardware, as the kernel's bitmap. */
  readonly pageSizes: bigint;
  readonly aperture: IovaRange;
  /** Whether the hardware forces coherency for every device attached (DMA_CC). */
  readonly enforcesCoherency: boolean;
  /** Writes table entries for `frames` frames; the largest page sizes that alignment allows. */
  map(iovaFrame: number, physicalFrame: number, frames: number, access: DomainAccess): void;
  /**
   * Clears entries and flushes caches as the machine's mode says (eager: before it returns).
   * The range cuts no page that was written. Answers the number of frames cleared.
   */
  unmap(iovaFrame: number, frames: number): number;
  attach(requester: number): void;
  detach(requester: number): void;
  /** Frees every table frame. */
  free(): void;
}

export interface DomainAccess {
  readonly read: boolean;
  readonly write: boolean;
}

/** Where a device writes its message interrupts: the first one's data, the others count up. */
export interface MessageTarget {
  readonly address: bigint;
  readonly data: number;
}

/** The driver of one IOMMU in the simulated kernel. */
export interface IommuDriver {
  readonly name: string;
  /** Where sysfs links a device to its IOMMU, from the device's folder. */
  readonly sysfsLink: string;
  /** A group's `name` in sysfs; default empty. */
  groupName?(group: number): string;
  /** Every group's `type` in sysfs; default that of a DMA domain. */
  readonly groupType?: string;
  createDomain(): IommuDomain;
  /** Regions in which no mapping may be made for this requester. */
  reservedRegions(requester: number): readonly ReservedRegion[];
  /** Puts a requester into the blocking state: every access faults. */
  block(requester: number): void;
  /** The user let go of a requester: the kernel's own DMA may go on. Default: it stays blocked. */
  unblock?(requester: number): void;
  /** Found at boot, in this group, instead of `block`: the kernel's own DMA works until a claim. */
  adopt?(requester: number, group: number): void;
  readonly interruptsIsolated: boolean;
  /**
   * Room for a device's message interrupts, or -errno. Without it they go where every PC has them,
   * outside of what the IOMMU translates.
   */
  messageTarget?(requester: number, vectors: number): MessageTarget | number;
  /** The device's messages are off. */
  releaseMessages?(requester: number): void;
}
