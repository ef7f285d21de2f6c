// Every mutant, from the hardware up to the library.

import { ASYNC_NOT_AWAITED } from "./backend/async-not-awaited.ts";
import { LIMIT_UNKNOWN } from "./backend/limit-unknown.ts";
import { MAP_READ_WRITE } from "./backend/map-read-write.ts";
import { MAP_ROUNDS_UP } from "./backend/map-rounds-up.ts";
import { MAP_SWALLOWS_ERRORS } from "./backend/map-swallows-errors.ts";
import { POSITIVE_IS_SUCCESS } from "./backend/positive-is-success.ts";
import { UNMAP_ALL_NOTHING } from "./backend/unmap-all-nothing.ts";
import { UNMAP_SHORT } from "./backend/unmap-short.ts";
import { UNMAP_SWALLOWS_ERRORS } from "./backend/unmap-swallows-errors.ts";
import { WINDOW_TOO_WIDE } from "./backend/window-too-wide.ts";
import { WINDOWS_OVERLAP } from "./backend/windows-overlap.ts";
import { WRITE_ONLY_CLAIMED } from "./backend/write-only-claimed.ts";
import { WRONG_HOST } from "./backend/wrong-host.ts";
import { CHUNKS_NOT_UNDONE } from "./core/chunks-not-undone.ts";
import { CLOSED_STILL_WORKS } from "./core/closed-still-works.ts";
import { CLOSED_UNDER_A_CHUNK } from "./core/closed-under-a-chunk.ts";
import { CUT_AT_THE_END } from "./core/cut-at-the-end.ts";
import { DETACHED_UNDER_A_CHUNK } from "./core/detached-under-a-chunk.ts";
import { DEVICE_DESCRIPTOR_LEAKS } from "./core/device-descriptor-leaks.ts";
import { DEVICES_LEFT_OPEN } from "./core/devices-left-open.ts";
import { FREE_WHILE_MAPPED } from "./core/free-while-mapped.ts";
import { GROUP_DESCRIPTOR_LEAKS } from "./core/group-descriptor-leaks.ts";
import { GROUP_NOT_FORGOTTEN } from "./core/group-not-forgotten.ts";
import { GROUP_NOT_LISTED } from "./core/group-not-listed.ts";
import { LIMIT_OFF_BY_ONE } from "./core/limit-off-by-one.ts";
import { NEIGHBOURS_OVERLAP } from "./core/neighbours-overlap.ts";
import { ODD_UNMAP_IS_SUCCESS } from "./core/odd-unmap-is-success.ts";
import { OVERLAP_ALLOWED } from "./core/overlap-allowed.ts";
import { PLACED_BELOW } from "./core/placed-below.ts";
import { SEGMENTS_JOINED_WRONG } from "./core/segments-joined-wrong.ts";
import { SEGMENTS_NOT_UNDONE } from "./core/segments-not-undone.ts";
import { SIZE_OF_2_64 } from "./core/size-of-2-64.ts";
import { SUPPLY_NOT_RECORDED } from "./core/supply-not-recorded.ts";
import { USE_BEFORE_ALLOCATION } from "./core/use-before-allocation.ts";
import { WINDOW_END_OFF } from "./core/window-end-off.ts";
import { FIRST_FUNCTION_ONLY } from "./driver/first-function-only.ts";
import { LEAK_TABLES } from "./driver/leak-tables.ts";
import { MAP_NEXT_FRAME } from "./driver/map-next-frame.ts";
import { MAP_ONE_MORE } from "./driver/map-one-more.ts";
import { MAP_WRITABLE } from "./driver/map-writable.ts";
import { NEVER_FLUSH } from "./driver/never-flush.ts";
import { UNMAP_NOTHING } from "./driver/unmap-nothing.ts";
import { UNMAP_ONE_SHORT } from "./driver/unmap-one-short.ts";
import { LARGE_PAGE_OFFSET } from "./hardware/large-page-offset.ts";
import { LAST_ENTRY } from "./hardware/last-entry.ts";
import { NO_READ_PERMISSION } from "./hardware/no-read-permission.ts";
import { NO_WRITE_PERMISSION } from "./hardware/no-write-permission.ts";
import { ONE_REQUESTER } from "./hardware/one-requester.ts";
import { PAMU_HARDWARE_MUTANTS } from "./hardware/pamu/all.ts";
import { PASS_THROUGH } from "./hardware/pass-through.ts";
import { SHORT_ADDRESS } from "./hardware/short-address.ts";
import { STALE_IOTLB } from "./hardware/stale-iotlb.ts";
import { STICKY_FAULT } from "./hardware/sticky-fault.ts";
import { DETACH_FREES_MAPPINGS } from "./kernel/detach-frees-mappings.ts";
import { DIRTY_BIT_LOST } from "./kernel/dirty-bit-lost.ts";
import { DIRTY_LOST_BY_DETACH } from "./kernel/dirty-lost-by-detach.ts";
import { DIRTY_START_NOT_DONE } from "./kernel/dirty-start-not-done.ts";
import { FAILED_MAP_LEAKS_A_PIN } from "./kernel/failed-map-leaks-a-pin.ts";
import { FAILED_MAP_UNPINS_TOO_MUCH } from "./kernel/failed-map-unpins-too-much.ts";
import { HOST_PAGE_OFF } from "./kernel/host-page-off.ts";
import { LIMIT_ONE_TOO_HIGH } from "./kernel/limit-one-too-high.ts";
import { LOCKED_ELSEWHERE } from "./kernel/locked-elsewhere.ts";
import { LOCKED_UNDERFLOW } from "./kernel/locked-underflow.ts";
import { MAP_IGNORES_PERMISSION } from "./kernel/map-ignores-permission.ts";
import { NO_REPLAY } from "./kernel/no-replay.ts";
import { PAGE_COUNT_OVERFLOW } from "./kernel/page-count-overflow.ts";
import { READ_ONLY_PINS_LEAK } from "./kernel/read-only-pins-leak.ts";
import { RESERVED_RANGE_OFFERED } from "./kernel/reserved-range-offered.ts";
import { UNMAP_AT_THE_END_EMPTY } from "./kernel/unmap-at-the-end-empty.ts";
import { UNMAP_AT_THE_END_REFUSED } from "./kernel/unmap-at-the-end-refused.ts";
import { UNMAP_NOT_DONE } from "./kernel/unmap-not-done.ts";
import { UNMAP_REPORTS_DOUBLE } from "./kernel/unmap-reports-double.ts";
import type { Mutant } from "./mutant.ts";
import { PAMU_MUTANTS } from "./pamu/all.ts";
import { POWER_MUTANTS } from "./power/all.ts";

export const MUTANTS: readonly Mutant[] = [
  STALE_IOTLB,
  STICKY_FAULT,
  NO_WRITE_PERMISSION,
  NO_READ_PERMISSION,
  ONE_REQUESTER,
  LAST_ENTRY,
  SHORT_ADDRESS,
  PASS_THROUGH,
  LARGE_PAGE_OFFSET,
  UNMAP_ONE_SHORT,
  UNMAP_NOTHING,
  MAP_ONE_MORE,
  MAP_WRITABLE,
  MAP_NEXT_FRAME,
  NEVER_FLUSH,
  LEAK_TABLES,
  FIRST_FUNCTION_ONLY,
  UNMAP_AT_THE_END_REFUSED,
  UNMAP_AT_THE_END_EMPTY,
  LIMIT_ONE_TOO_HIGH,
  LOCKED_UNDERFLOW,
  LOCKED_ELSEWHERE,
  READ_ONLY_PINS_LEAK,
  FAILED_MAP_LEAKS_A_PIN,
  FAILED_MAP_UNPINS_TOO_MUCH,
  PAGE_COUNT_OVERFLOW,
  RESERVED_RANGE_OFFERED,
  DETACH_FREES_MAPPINGS,
  MAP_IGNORES_PERMISSION,
  UNMAP_REPORTS_DOUBLE,
  UNMAP_NOT_DONE,
  NO_REPLAY,
  HOST_PAGE_OFF,
  DIRTY_BIT_LOST,
  DIRTY_START_NOT_DONE,
  DIRTY_LOST_BY_DETACH,
  MAP_SWALLOWS_ERRORS,
  UNMAP_SWALLOWS_ERRORS,
  MAP_READ_WRITE,
  UNMAP_SHORT,
  MAP_ROUNDS_UP,
  WINDOW_TOO_WIDE,
  WINDOWS_OVERLAP,
  LIMIT_UNKNOWN,
  UNMAP_ALL_NOTHING,
  ASYNC_NOT_AWAITED,
  WRITE_ONLY_CLAIMED,
  WRONG_HOST,
  POSITIVE_IS_SUCCESS,
  OVERLAP_ALLOWED,
  WINDOW_END_OFF,
  LIMIT_OFF_BY_ONE,
  NEIGHBOURS_OVERLAP,
  CUT_AT_THE_END,
  SEGMENTS_NOT_UNDONE,
  CHUNKS_NOT_UNDONE,
  SEGMENTS_JOINED_WRONG,
  FREE_WHILE_MAPPED,
  USE_BEFORE_ALLOCATION,
  CLOSED_STILL_WORKS,
  DEVICES_LEFT_OPEN,
  GROUP_NOT_FORGOTTEN,
  GROUP_NOT_LISTED,
  GROUP_DESCRIPTOR_LEAKS,
  DEVICE_DESCRIPTOR_LEAKS,
  SIZE_OF_2_64,
  PLACED_BELOW,
  ODD_UNMAP_IS_SUCCESS,
  SUPPLY_NOT_RECORDED,
  CLOSED_UNDER_A_CHUNK,
  DETACHED_UNDER_A_CHUNK,
  ...PAMU_HARDWARE_MUTANTS,
  ...PAMU_MUTANTS,
  ...POWER_MUTANTS,
];
