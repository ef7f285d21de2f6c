// one group that leaves takes the mappings of the others along

import { IOMMU_UNMAP_DMA } from "../../kernel/decode/commands.ts";
import { userPointer } from "../../kernel/user-copy.ts";
import type { Mutant } from "../mutant.ts";
import { kernelWith } from "../wrap-kernel.ts";

export const DETACH_FREES_MAPPINGS: Mutant = {
  name: "detach-frees-mappings",
  where: "kernel",
  bug: "one group that leaves takes the mappings of the others along",
  breaks: ["I18", "I2"],
  history: "5.10.24, checks in detach group",
  driverType: () =>
    kernelWith({
      detach(driver, group, last) {
        driver.detachGroup(group);
        if (last === undefined || driver.mappings().length === 0) return;
        const all = new Uint8Array([24, 0, 0, 0, 2, ...new Uint8Array(19)]);
        driver.ioctl({
          ...last,
          command: IOMMU_UNMAP_DMA,
          argument: userPointer(all, last.process.memory),
        });
      },
    }),
};
