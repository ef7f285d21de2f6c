// Which string names a vfio-pci device in GROUP_GET_DEVICE_FD.
//
// type1.md 5.1. No simulated device has virtual functions, so every token is refused.

import { EINVAL } from "./errno.ts";

/** 1 match, 0 no match, -EINVAL for options that the device refuses. */
export function matchDeviceName(address: string, text: string): number {
  if (!text.startsWith(address)) return 0;
  const rest = text.slice(address.length);
  if (rest === "") return 1;
  if (!rest.startsWith(" ")) return 0;
  return rest.trim() === "" ? 1 : -EINVAL;
}
