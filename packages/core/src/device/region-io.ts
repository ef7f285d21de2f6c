// Reads and writes of a region, bounds checked before the call and complete after it.
//
// The kernel cuts an access at a region's end and answers a short count; here that is an error, since
// a driver that takes half a register for a whole one goes wrong far from the cause.

import { formatAddress } from "../address/units.ts";
import type { RegionInfo } from "../contract/device.ts";
import { IommuError } from "../errors/base.ts";
import { badOption } from "../errors/options.ts";

export interface RegionAccess {
  readonly region: RegionInfo;
  readonly offset: number;
  readonly length: number;
  readonly action: "read" | "write";
}

/** Makes one access through `call`, which takes the descriptor's offset. Valid errors: `region-access`. */
export function accessRegion(access: RegionAccess, call: (at: bigint) => number): void {
  const { region, offset, length, action } = access;
  if (typeof offset !== "number")
    throw badOption(`${action} region`, `an offset is a number of bytes, not a ${typeof offset}`);
  if (!Number.isInteger(length)) throw badOption(`${action} region`, "the bytes are a Uint8Array");
  if (!(action === "read" ? region.readable : region.writable))
    throw refused(access, `the region does not allow a ${action}`);
  const sound = Number.isSafeInteger(offset) && offset >= 0 && length > 0;
  if (!sound || BigInt(offset) + BigInt(length) > region.size)
    throw refused(access, `the region has ${formatAddress(region.size)} bytes`);
  const result = call(region.offset + BigInt(offset));
  if (result === length) return;
  throw refused(
    access,
    result < 0 ? `the kernel refused it` : `the kernel did ${result} of ${length} bytes`,
    result,
  );
}

function refused(access: RegionAccess, why: string, result?: number): IommuError {
  const { region, offset, length, action } = access;
  return new IommuError({
    code: "region-access",
    operation: `${action} region`,
    sentence: `a ${action} of ${length} bytes at ${offset} of region ${region.index} failed: ${why}`,
    facts: { region: region.index, offset, length, result },
    hint:
      result === -5 ? "memory access is switched off in the device's command register" : undefined,
  });
}
