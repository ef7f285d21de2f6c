// The mutants of PAMU's kernel driver and of its backend; the hardware's are in ../hardware/pamu.

import type { Mutant } from "../mutant.ts";
import { PAMU_ACCESS_SWAPPED } from "./access-swapped.ts";
import { PAMU_BANK_NOT_RESERVED } from "./bank-not-reserved.ts";
import { PAMU_BOOT_WINDOW_OPEN } from "./boot-window-open.ts";
import { PAMU_CONTIGUITY_UNCHECKED } from "./contiguity-unchecked.ts";
import { PAMU_ENABLED_WHEN_EMPTY } from "./enabled-when-empty.ts";
import { PAMU_ENTRIES_LEAK } from "./entries-leak.ts";
import { PAMU_ENTRY_OFF_BY_ONE } from "./entry-off-by-one.ts";
import { PAMU_GEOMETRY_FIRST } from "./geometry-first.ts";
import { PAMU_HANDLER_KEEPS_V } from "./handler-keeps-v.ts";
import { PAMU_HIGH_HALF_LOST } from "./high-half-lost.ts";
import { PAMU_LATE_GROUP_OFF } from "./late-group-off.ts";
import { PAMU_LATE_LIODN_OFF } from "./late-liodn-off.ts";
import { PAMU_LOCKED_BY_WINDOW } from "./locked-by-window.ts";
import { PAMU_MAP_READ_WRITE } from "./map-read-write.ts";
import { PAMU_MSI_OVER_RAM } from "./msi-over-ram.ts";
import { PAMU_MSI_WHOLE_SLOT } from "./msi-whole-slot.ts";
import { PAMU_OWNER_MISSING } from "./owner-missing.ts";
import { PAMU_READ_BACK_OMITTED } from "./read-back-omitted.ts";
import { PAMU_REMAP_LOSES_ONE } from "./remap-loses-one.ts";
import { PAMU_RESUME_NOTHING } from "./resume-nothing.ts";
import { PAMU_RESUMED_BY_MAP } from "./resumed-by-map.ts";
import { PAMU_STASH_UNCHECKED } from "./stash-unchecked.ts";
import { PAMU_UNDO_LOST } from "./undo-lost.ts";
import { PAMU_V_NOT_CLEARED } from "./v-not-cleared.ts";
import { PAMU_WINDOW_0_STAYS } from "./window-0-stays.ts";
import { PAMU_WINDOW_COUNT_OFF } from "./window-count-off.ts";

export const PAMU_MUTANTS: readonly Mutant[] = [
  PAMU_ACCESS_SWAPPED,
  PAMU_CONTIGUITY_UNCHECKED,
  PAMU_ENABLED_WHEN_EMPTY,
  PAMU_ENTRIES_LEAK,
  PAMU_ENTRY_OFF_BY_ONE,
  PAMU_GEOMETRY_FIRST,
  PAMU_HANDLER_KEEPS_V,
  PAMU_HIGH_HALF_LOST,
  PAMU_LATE_LIODN_OFF,
  PAMU_LOCKED_BY_WINDOW,
  PAMU_MSI_OVER_RAM,
  PAMU_MSI_WHOLE_SLOT,
  PAMU_OWNER_MISSING,
  PAMU_RESUMED_BY_MAP,
  PAMU_UNDO_LOST,
  PAMU_V_NOT_CLEARED,
  PAMU_WINDOW_0_STAYS,
  PAMU_WINDOW_COUNT_OFF,
  PAMU_BANK_NOT_RESERVED,
  PAMU_BOOT_WINDOW_OPEN,
  PAMU_LATE_GROUP_OFF,
  PAMU_MAP_READ_WRITE,
  PAMU_READ_BACK_OMITTED,
  PAMU_REMAP_LOSES_ONE,
  PAMU_RESUME_NOTHING,
  PAMU_STASH_UNCHECKED,
];
