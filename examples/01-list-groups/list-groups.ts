// Lists the IOMMU groups of a machine and says which could be given to a user-space driver.
// facts differ by target: groups, windows and capabilities are the machine's own.

import { createIommu } from "@iommukit/core";
import type { Host } from "@iommukit/lab";

export default function listGroups(host: Host): void {
  const iommu = createIommu(host.port);
  for (const group of iommu.readGroups()) {
    const blocking = group.devices.filter((device) => device.blocks);
    host.log({
      group: group.id,
      devices: group.devices.map((device) => `${device.address} ${device.driver ?? "(no driver)"}`),
      usable: blocking.length === 0,
      blockedBy: blocking.map((device) => device.address),
    });
  }
}
