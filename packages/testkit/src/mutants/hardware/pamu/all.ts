// Every mutant of the PAMU hardware.

import type { Mutant } from "../../mutant.ts";
import { PAMU_ADDRESS_OF_PAGE } from "./address-of-page.ts";
import { PAMU_FOREIGN_ENTRY } from "./foreign-entry.ts";
import { PAMU_HIGH_WORD_CUT } from "./high-word-cut.ts";
import { PAMU_INVALID_ENTRY } from "./invalid-entry.ts";
import { PAMU_LIMIT_INCLUSIVE } from "./limit-inclusive.ts";
import { PAMU_OPERATION_UNMAPPED } from "./operation-unmapped.ts";
import { PAMU_PERMISSIONS_SWAPPED } from "./permissions-swapped.ts";
import { PAMU_SECONDARY_INDEX } from "./secondary-index.ts";
import { PAMU_STALE_ENTRY } from "./stale-entry.ts";
import { PAMU_STATUS_STICKS } from "./status-sticks.ts";
import { PAMU_STORE_NOT_SNOOPED } from "./store-not-snooped.ts";
import { PAMU_VIOLATION_NOT_CLEARED } from "./violation-not-cleared.ts";
import { PAMU_VIOLATION_OVERWRITTEN } from "./violation-overwritten.ts";
import { PAMU_WHOLE_SLOT } from "./whole-slot.ts";
import { PAMU_WINDOW_TWICE_AS_LARGE } from "./window-twice-as-large.ts";
import { PAMU_WRONG_ENDIAN_WORD } from "./wrong-endian-word.ts";

export const PAMU_HARDWARE_MUTANTS: readonly Mutant[] = [
  PAMU_ADDRESS_OF_PAGE,
  PAMU_FOREIGN_ENTRY,
  PAMU_HIGH_WORD_CUT,
  PAMU_INVALID_ENTRY,
  PAMU_LIMIT_INCLUSIVE,
  PAMU_OPERATION_UNMAPPED,
  PAMU_PERMISSIONS_SWAPPED,
  PAMU_SECONDARY_INDEX,
  PAMU_STALE_ENTRY,
  PAMU_STATUS_STICKS,
  PAMU_STORE_NOT_SNOOPED,
  PAMU_VIOLATION_NOT_CLEARED,
  PAMU_VIOLATION_OVERWRITTEN,
  PAMU_WHOLE_SLOT,
  PAMU_WINDOW_TWICE_AS_LARGE,
  PAMU_WRONG_ENDIAN_WORD,
];
