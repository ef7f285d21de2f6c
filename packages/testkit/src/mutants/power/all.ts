// Every mutant of the POWER machines, their kernel and their backend.

import type { Mutant } from "../mutant.ts";
import { POWER_COUNT_NOT_GIVEN_BACK } from "./count-not-given-back.ts";
import { POWER_DEFAULT_WINDOW_AGAIN } from "./default-window-again.ts";
import { POWER_DEFAULT_WINDOW_ONE_PAGE_LONGER } from "./default-window-one-page-longer.ts";
import { POWER_DETACH_KEEPS_TCES } from "./detach-keeps-tces.ts";
import { POWER_FAILED_MAP_NOT_CLEARED } from "./failed-map-not-cleared.ts";
import { POWER_HIGH_WINDOW_LOW } from "./high-window-low.ts";
import { POWER_HYPERVISOR_PERMITS_ALL } from "./hypervisor-permits-all.ts";
import { POWER_JOINS_WITHOUT_WINDOWS } from "./joins-without-windows.ts";
import { POWER_KILL_ONE_IGNORED } from "./kill-one-ignored.ts";
import { POWER_KILL_PE_IGNORED } from "./kill-pe-ignored.ts";
import { POWER_LARGE_PAGE_OFFSET_LOST } from "./large-page-offset-lost.ts";
import { POWER_LEVEL_SHIFT_OFF } from "./level-shift-off.ts";
import { POWER_LEVELS_NOT_ASKED } from "./levels-not-asked.ts";
import { POWER_MAP_NEXT_PAGE } from "./map-next-page.ts";
import { POWER_MAP_POSITIVE_IS_SUCCESS } from "./map-positive-is-success.ts";
import { POWER_MAP_STRUCT_SENT_TO_UNMAP } from "./map-struct-sent-to-unmap.ts";
import { POWER_MAPPED_NOT_COUNTED } from "./mapped-not-counted.ts";
import { POWER_OTHER_PROCESS_ACTS } from "./other-process-acts.ts";
import { POWER_PE_OF_NEIGHBOUR } from "./pe-of-neighbour.ts";
import { POWER_PINNED_IN_PART_IS_SUCCESS } from "./pinned-in-part-is-success.ts";
import { POWER_POISON_FORGOTTEN } from "./poison-forgotten.ts";
import { POWER_REGIONS_OVERLAP } from "./regions-overlap.ts";
import { POWER_REGISTER_FORGETS_POSITIVE } from "./register-forgets-positive.ts";
import { POWER_REGISTRATION_CHARGE_LEAKS } from "./registration-charge-leaks.ts";
import { POWER_REGISTRATION_PINS_LEAK } from "./registration-pins-leak.ts";
import { POWER_ROLLBACK_LOST } from "./rollback-lost.ts";
import { POWER_SECOND_WINDOW_IS_FIRST } from "./second-window-is-first.ts";
import { POWER_STALE_TCE } from "./stale-tce.ts";
import { POWER_TABLE_HALF_CHARGED } from "./table-half-charged.ts";
import { POWER_TABLE_LEAKS } from "./table-leaks.ts";
import { POWER_TCE_ORDER_SWAPPED } from "./tce-order-swapped.ts";
import { POWER_TCE_PERMISSION_IGNORED } from "./tce-permission-ignored.ts";
import { POWER_UNALIGNED_IS_SUCCESS } from "./unaligned-is-success.ts";
import { POWER_UNMAP_ONE_SHORT_TCE } from "./unmap-one-short-tce.ts";
import { POWER_UNREGISTER_NOT_ASKED } from "./unregister-not-asked.ts";
import { POWER_WINDOW_CHARGE_LEAKS } from "./window-charge-leaks.ts";
import { POWER_WINDOW_END_OFF_TCE } from "./window-end-off-tce.ts";
import { POWER_WINDOW_SLOT_LOST } from "./window-slot-lost.ts";
import { POWER_WINDOWS_SHARED_IN_LPAR } from "./windows-shared-in-lpar.ts";
import { POWER_WRITE_ONLY_CAN_BE_HAD } from "./write-only-can-be-had.ts";
import { POWER_WRITE_TAKES_READ_AWAY } from "./write-takes-read-away.ts";

export const POWER_MUTANTS: readonly Mutant[] = [
  POWER_LEVEL_SHIFT_OFF,
  POWER_TCE_PERMISSION_IGNORED,
  POWER_TCE_ORDER_SWAPPED,
  POWER_LARGE_PAGE_OFFSET_LOST,
  POWER_KILL_ONE_IGNORED,
  POWER_KILL_PE_IGNORED,
  POWER_SECOND_WINDOW_IS_FIRST,
  POWER_PE_OF_NEIGHBOUR,
  POWER_HYPERVISOR_PERMITS_ALL,
  POWER_WRITE_TAKES_READ_AWAY,
  POWER_STALE_TCE,
  POWER_TABLE_HALF_CHARGED,
  POWER_HIGH_WINDOW_LOW,
  POWER_TABLE_LEAKS,
  POWER_WINDOWS_SHARED_IN_LPAR,
  POWER_POISON_FORGOTTEN,
  POWER_ROLLBACK_LOST,
  POWER_MAP_NEXT_PAGE,
  POWER_MAPPED_NOT_COUNTED,
  POWER_UNALIGNED_IS_SUCCESS,
  POWER_UNMAP_ONE_SHORT_TCE,
  POWER_COUNT_NOT_GIVEN_BACK,
  POWER_REGISTRATION_CHARGE_LEAKS,
  POWER_REGISTRATION_PINS_LEAK,
  POWER_PINNED_IN_PART_IS_SUCCESS,
  POWER_REGIONS_OVERLAP,
  POWER_WINDOW_END_OFF_TCE,
  POWER_OTHER_PROCESS_ACTS,
  POWER_DETACH_KEEPS_TCES,
  POWER_JOINS_WITHOUT_WINDOWS,
  POWER_WINDOW_CHARGE_LEAKS,
  POWER_DEFAULT_WINDOW_AGAIN,
  POWER_REGISTER_FORGETS_POSITIVE,
  POWER_MAP_POSITIVE_IS_SUCCESS,
  POWER_FAILED_MAP_NOT_CLEARED,
  POWER_WRITE_ONLY_CAN_BE_HAD,
  POWER_WINDOW_SLOT_LOST,
  POWER_DEFAULT_WINDOW_ONE_PAGE_LONGER,
  POWER_UNREGISTER_NOT_ASKED,
  POWER_LEVELS_NOT_ASKED,
  POWER_MAP_STRUCT_SENT_TO_UNMAP,
];
