// AMD-Vi's events in words, for the fault log that people read.

import {
  DEV_TAB_HARDWARE_ERROR,
  FLAG_PERMISSION,
  FLAG_RESERVED,
  ILLEGAL_DEV_TABLE_ENTRY,
  IO_PAGE_FAULT,
  PAGE_TAB_HARDWARE_ERROR,
} from "./events.ts";

const NAMES = new Map<number, string>([
  [ILLEGAL_DEV_TABLE_ENTRY, "ILLEGAL_DEV_TABLE_ENTRY"],
  [DEV_TAB_HARDWARE_ERROR, "DEV_TAB_HARDWARE_ERROR"],
  [PAGE_TAB_HARDWARE_ERROR, "PAGE_TAB_HARDWARE_ERROR"],
]);

export function reasonText(code: number, flags: number): string {
  if (code !== IO_PAGE_FAULT) return NAMES.get(code) ?? `event 0x${code.toString(16)}`;
  if ((flags & FLAG_PERMISSION) !== 0) return "IO_PAGE_FAULT: no permission";
  if ((flags & FLAG_RESERVED) !== 0) return "IO_PAGE_FAULT: reserved bits or level";
  return "IO_PAGE_FAULT: not present";
}
