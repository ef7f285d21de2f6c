// What `fslPamu` takes, checked when the backend is made: no kernel is asked for a number nobody named.

import { IommuError } from "@iommukit/core";
import { type ApertureRequest, checkAperture } from "./aperture.ts";

/**
 * The IOMMU type of the vendor's driver, by release: 2 in QorIQ SDK 1.4 (Linux 3.8), 1000 in SDK
 * 1.6 to 1.9, 7 in SDK 2.0 (Linux 4.1). Mainline has given 2 and 7 to sPAPR, so it cannot be found
 * out by asking.
 */
export type PamuType = 2 | 7 | 1000;

const TYPES: readonly unknown[] = [2, 7, 1000];

/** How `fslPamu` is made. */
export interface FslPamuOptions {
  readonly type: PamuType;
  /**
   * The aperture that a container begins with. Default: as many windows as the hardware has, at most 256,
   * of the kernel's page size, at IOVA 0.
   */
  readonly aperture?: ApertureRequest;
}

/** Valid errors: `invalid-argument`, and those of `checkAperture`. */
export function checkedPamuOptions(options: FslPamuOptions): FslPamuOptions {
  const { type, aperture, ...others } = Object(options) as Partial<FslPamuOptions>; // cast: checked member by member
  const [stranger] = Object.keys(others);
  if (stranger !== undefined) throw badOption(`there is no option ${stranger}`);
  if (!TYPES.includes(type) || type === undefined)
    throw badOption(`${String(type)} is no IOMMU type of a PAMU driver`);
  if (aperture === undefined) return { type };
  if (typeof aperture !== "object" || aperture === null)
    throw badOption("its aperture is no object");
  checkAperture("fslPamu", aperture);
  return { type, aperture };
}

function badOption(why: string): IommuError {
  return new IommuError({
    code: "invalid-argument",
    operation: "fslPamu",
    sentence: `fslPamu refused: ${why}`,
    hint: "fslPamu({ type }) takes 7 (SDK 2.0), 1000 (SDK 1.6 to 1.9) or 2 (SDK 1.4), and perhaps an aperture",
  });
}
