// An IOMMU group in the kernel: its devices and who owns their DMA.
//
// Owned means that a user-space driver decides where all of the group's DMA goes; an ordinary driver
// of one member and such an owner exclude each other (type1.md 1.4).

import { EINVAL, EPERM } from "./errno.ts";
import type { IommuDriver, ReservedRegion } from "./iommu/domain.ts";
import type { PciDevice } from "./pci/pci-device.ts";

/** Drivers that leave the group's DMA to others. */
const NO_KERNEL_DMA: ReadonlySet<string> = new Set(["vfio-pci", "pci-stub", "pcieport"]);

/** Whether a driver does DMA in the kernel, and so makes its group not viable. */
export function doesKernelDma(driver: string): boolean {
  return !NO_KERNEL_DMA.has(driver);
}

export class IommuGroup {
  readonly id: number;
  readonly iommu: IommuDriver;
  readonly devices: PciDevice[] = [];
  /** Its devices are mediated: they do no DMA of their own, so nobody owns it. */
  readonly isMediated: boolean;
  #owned: boolean = false;

  constructor(id: number, iommu: IommuDriver, kind: "physical" | "mediated" = "physical") {
    this.id = id;
    this.iommu = iommu;
    this.isMediated = kind === "mediated";
  }

  get owned(): boolean {
    return this.#owned;
  }

  /** Whether nobody owns the DMA: no ordinary driver, no user. */
  get viable(): boolean {
    return !this.#owned && !this.#hasKernelDriver();
  }

  /** Takes the DMA of the group for a user: 0, EPERM or EINVAL. All members are blocked after it. */
  claim(): number {
    if (this.isMediated) return 0;
    if (!this.viable) return -EPERM;
    if (this.reservedRegions().some((region) => region.type === "direct")) return -EINVAL;
    this.#owned = true;
    for (const device of this.devices) this.iommu.block(device.requester);
    return 0;
  }

  release(): void {
    this.#owned = false;
    for (const device of this.devices) this.iommu.unblock?.(device.requester);
  }

  /** Reserved regions of all members. */
  reservedRegions(): readonly ReservedRegion[] {
    if (this.isMediated) return [];
    return this.devices.flatMap((device) => [...this.iommu.reservedRegions(device.requester)]);
  }

  #hasKernelDriver(): boolean {
    return this.devices.some((device) => device.driver !== null && doesKernelDma(device.driver));
  }
}
