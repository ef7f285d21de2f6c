// What one container's PAMU session knows, in either mode, and the calls that the modes answer.

import type { PamuDomain } from "../../iommu/pamu/domain.ts";
import type { PamuDriver } from "../../iommu/pamu/driver.ts";
import type { IommuGroup } from "../../iommu-group.ts";
import type { IoctlCall } from "../../open-file.ts";
import type { ByteOrder } from "../../port-types.ts";
import { DmaList } from "./dma-list.ts";

export class PamuContainer {
  readonly driver: PamuDriver;
  readonly domain: PamuDomain;
  readonly order: ByteOrder;
  readonly list: DmaList = new DmaList();
  readonly groups: IommuGroup[] = [];

  constructor(driver: PamuDriver, order: ByteOrder) {
    this.driver = driver;
    this.domain = driver.newDomain();
    this.order = order;
  }
}

/** The commands whose answers differ by mode. */
export interface PamuCalls {
  getAttribute(call: IoctlCall): number;
  setAttribute(call: IoctlCall): number;
  mapMsi(call: IoctlCall): number;
  unmapMsi(call: IoctlCall): number;
  mapDma(call: IoctlCall): number;
  unmapDma(call: IoctlCall): number;
  /** The last group left: everything is given back. */
  release(): void;
  /** Pages that are pinned for a range now. */
  pinnedPages(iova: bigint, size: bigint): number;
  /** Pages that count as locked for it. */
  lockedPages(iova: bigint, size: bigint): number;
}
