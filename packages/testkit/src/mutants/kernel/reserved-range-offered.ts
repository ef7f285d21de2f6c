// the MSI range is offered for mappings

import type { Mutant } from "../mutant.ts";
import { field, kernelWith, writeBack } from "../wrap-kernel.ts";

export const RESERVED_RANGE_OFFERED: Mutant = {
  name: "reserved-range-offered",
  where: "kernel",
  bug: "the MSI range is offered for mappings",
  breaks: ["I7"],
  history: "6.1.11, reserved regions",
  driverType: () =>
    kernelWith({
      info(honest, call) {
        const answer = honest(call);
        if (answer === 0 && field(call, 96) === 0xfedf_ffffn) writeBack(call, 96, 0xfeef_ffffn);
        return answer;
      },
    }),
};
