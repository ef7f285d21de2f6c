// an unmap that ends with a window is refused

import type { Mutant } from "../mutant.ts";
import { field, kernelWith, UNMAP_FIELDS } from "../wrap-kernel.ts";

export const UNMAP_AT_THE_END_REFUSED: Mutant = {
  name: "unmap-at-the-end-refused",
  where: "kernel",
  bug: "an unmap that ends with a window is refused",
  breaks: ["I17"],
  history: "4.15, 71a7d3d78e3c",
  driverType: () =>
    kernelWith({
      unmap: (honest, call) =>
        field(call, UNMAP_FIELDS.iova) + field(call, UNMAP_FIELDS.size) === 0xfee0_0000n
          ? -22
          : honest(call),
    }),
};
