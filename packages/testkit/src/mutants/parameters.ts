// The module parameters of the mutated drivers: small, so that histories meet the limit.

import type { Type1Parameters } from "../kernel/drivers/type1/state.ts";

export const HISTORY_PARAMETERS: Type1Parameters = {
  dmaEntryLimit: 5,
  allowUnsafeInterrupts: false,
  disableHugepages: false,
};
