// What one container's Type1 session knows (type1.md 2.1).

import type { IommuDomain, IommuDriver, IovaRange } from "../../iommu/domain.ts";
import type { IommuGroup } from "../../iommu-group.ts";
import type { ByteOrder } from "../../port-types.ts";
import { type Mapping, MappingList } from "./mapping-list.ts";
import { unpin } from "./pin.ts";

/** Type1 works in 4 KiB frames: every x86 IOMMU has that page size. */
export const FRAME = 4096;
/** Frames of the whole 64-bit space. */
export const ALL_FRAMES: number = 2 ** 52;

/** Parameters of the module, as /sys/module/vfio_iommu_type1/parameters shows them. */
export interface Type1Parameters {
  dmaEntryLimit: number;
  allowUnsafeInterrupts: boolean;
  disableHugepages: boolean;
}

/** A domain whose unmap may leave cached translations until it is told to flush. */
interface FlushableDomain extends IommuDomain {
  flush?(): void;
}

export interface Type1Domain {
  readonly iommu: IommuDriver;
  readonly domain: FlushableDomain;
  readonly groups: IommuGroup[];
  readonly coherent: boolean;
}

export class Type1State {
  readonly v2: boolean;
  readonly nesting: boolean;
  readonly order: ByteOrder;
  readonly parameters: Type1Parameters;
  readonly mappings: MappingList = new MappingList();
  readonly domains: Type1Domain[] = [];
  /** Groups of mediated devices: they have no domain, and pin what they need. */
  readonly mediatedGroups: IommuGroup[] = [];
  /** Sorted valid ranges; empty until the first group. */
  ranges: readonly IovaRange[] = [];
  available: number;
  invalidVaddrs = 0;
  dirtyTracking: boolean = false;

  constructor(value: 1 | 3 | 6, order: ByteOrder, parameters: Type1Parameters) {
    this.v2 = value !== 1;
    this.nesting = value === 6;
    this.order = order;
    this.parameters = parameters;
    this.available = parameters.dmaEntryLimit;
  }

  /** What all domains can do, as the kernel's bitmap; every size from a page up without any. */
  get pageSizes(): bigint {
    return this.domains.reduce(
      (sizes, { domain }) => sizes & domain.pageSizes,
      BigInt.asUintN(64, ~BigInt(FRAME - 1)),
    );
  }

  /** Clears a range in every page table; no device reaches it afterwards, not even by its cache. */
  unmapEverywhere(iova: number, frames: number): void {
    for (const { domain } of this.domains) {
      domain.unmap(iova, frames);
      domain.flush?.();
    }
  }

  /** Takes a mapping out of every page table and gives its pages back; the mapping itself stays. */
  unpinMapping(mapping: Mapping): void {
    this.unmapEverywhere(mapping.iova, mapping.frames);
    unpin(mapping.runs);
    mapping.process.locked.pages -= mapping.lockedPages;
    mapping.runs = [];
    mapping.lockedPages = 0;
  }

  /** The same for a mapping that the caller forgets. */
  unmapAndUnpin(mapping: Mapping): void {
    this.unpinMapping(mapping);
    if (mapping.vaddrInvalid) this.invalidVaddrs -= 1;
    this.available += 1;
  }
}

/** Enters a mapping's runs into a page table, each as one call (type1.md 3.3). */
export function mapRuns(
  domain: IommuDomain,
  mapping: Pick<Mapping, "iova" | "runs" | "access">,
): void {
  let iova = mapping.iova;
  for (const run of mapping.runs) {
    domain.map(iova, run.frame, run.frames, mapping.access);
    iova += run.frames;
  }
}
