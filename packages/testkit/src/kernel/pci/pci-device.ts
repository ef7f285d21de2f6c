// A PCI device as the kernel's driver core knows it: name, group, driver.

import type { IommuGroup } from "../iommu-group.ts";
import type { PciFunction } from "./pci-function.ts";

export interface PciDevice {
  /** `dddd:bb:dd.f` */
  readonly address: string;
  /** Bus, device and function, as the IOMMU sees the sender of an access. */
  readonly requester: number;
  readonly function: PciFunction;
  readonly group: IommuGroup;
  /** The name of the driver bound to it. */
  driver: string | null;
  driverOverride: string | null;
}
