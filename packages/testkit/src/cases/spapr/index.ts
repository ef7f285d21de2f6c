// The numbered cases of the sPAPR driver, in the order in which a real kernel can bear them.

import type { Case } from "../case.ts";
import { ARGUMENT_CASES } from "./arguments.ts";
import { CONTAINER_CASES } from "./container.ts";
import { EEH_CASES } from "./eeh.ts";
import { INFO_CASES } from "./info.ts";
import { LPAR_CASES, POISONING_CASES } from "./lpar.ts";
import { REGION_CASES } from "./regions.ts";
import { V1_CASES } from "./v1.ts";
import { WINDOW_CASES } from "./windows.ts";

/** By number, but for those after which a device is of no use. */
export const SPAPR_CASES: readonly Case[] = Object.freeze([
  ...[
    ...CONTAINER_CASES,
    ...INFO_CASES,
    ...V1_CASES,
    ...ARGUMENT_CASES,
    ...REGION_CASES,
    ...WINDOW_CASES,
    ...EEH_CASES,
    ...LPAR_CASES,
  ].sort((a, b) => a.number - b.number),
  ...POISONING_CASES,
]);
