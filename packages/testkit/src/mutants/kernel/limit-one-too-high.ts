// the number of mappings left is told one too high

import type { Mutant } from "../mutant.ts";
import { kernelWith } from "../wrap-kernel.ts";

export const LIMIT_ONE_TOO_HIGH: Mutant = {
  name: "limit-one-too-high",
  where: "kernel",
  bug: "the number of mappings left is told one too high",
  breaks: ["I14", "I39"],
  history: "CVE-2019-3882",
  driverType: () =>
    kernelWith({
      info(honest, call) {
        const answer = honest(call);
        const avail = call.argument.read(64, 4);
        if (answer === 0 && avail !== undefined) {
          const more = (avail[0] ?? 0) + 1;
          call.argument.write(64, new Uint8Array([more]));
        }
        return answer;
      },
    }),
};
