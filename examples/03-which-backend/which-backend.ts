// Prints which backend was negotiated, why others were refused, and what the chosen one offers.
// facts differ by target: groups, windows and capabilities are the machine's own.

import { createIommu, formatRange, isIommuError } from "@iommukit/core";
import { fslPamu } from "@iommukit/fsl-pamu";
import type { Host } from "@iommukit/lab";
import { spaprTce } from "@iommukit/spapr-tce";
import { type1 } from "@iommukit/type1-x86";

export default function whichBackend(host: Host): void {
  const iommu = createIommu(host.port);
  const backends = [type1(), fslPamu({ type: 7 }), spaprTce()];
  const groups = [...new Set(host.devices.map((device) => device.group))].slice(0, 1);

  // QEMU's virtio-iommu does not remap interrupts; without this it is refused, with that reason.
  const accept = ["unsafe-interrupts"] as const;
  using container = iommu.openContainer({ groups, backends, accept });
  host.log({ chosen: container.negotiation.chosen, refused: container.negotiation.refused });
  for (const window of container.windows.list())
    host.log({
      window: formatRange(window.start, window.last - window.start + 1n),
      kind: window.kind,
    });
  for (const [name, status] of Object.entries(container.capabilities))
    host.log({ capability: name, ...status });
  container.close();

  // Type1 tracks dirty pages, POWER and PAMU make windows, no backend does both: refused, nothing stays open.
  try {
    using unexpected = iommu.openContainer({
      groups,
      backends,
      accept,
      require: { capabilities: ["dirty-tracking", "dynamic-windows"] },
    });
    host.log({ unexpected: unexpected.backend });
  } catch (error) {
    if (!isIommuError(error, "no-backend")) throw error;
    const [, ...why] = error.message.split("\n").map((line) => line.trim());
    host.log({ refused: error.code, why });
  }
}
