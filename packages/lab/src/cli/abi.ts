// `iommukit abi`: what a C compiler would print of linux/vfio.h, on any of the four architectures.

import {
  ARCHES,
  abiProfile,
  describeUapi,
  isArch,
  mergeUapi,
  type UapiDescription,
} from "@iommukit/core/abi";
import { CORE_UAPI } from "@iommukit/core/uapi";
import { PAMU_UAPI } from "@iommukit/fsl-pamu";
import { SPAPR_UAPI } from "@iommukit/spapr-tce";
import { TYPE1_UAPI } from "@iommukit/type1-x86";
import { LabError } from "../errors.ts";
import { table } from "../report/table.ts";
import { before612, HEADER_VERSIONS, type HeaderVersion, installedHeader } from "./abi-header.ts";
import type { Invocation } from "./command.ts";
import { text } from "./options.ts";

export function runAbi({ options, json, terminal }: Invocation): Promise<number> {
  const header = headerOf(text(options, "header"));
  const description = describeArch(text(options, "arch"), header);
  terminal.out(json ? `${JSON.stringify(description)}\n` : abiText(description, header));
  return Promise.resolve(0);
}

/** No number in the interface depends on the page size; the profile only has to have one. */
const ANY_PAGE_SIZE = 4096;

/** Valid errors: `invalid-option`. */
export function describeArch(
  arch: string | undefined,
  header: HeaderVersion = "6.12",
): UapiDescription {
  if (arch !== undefined && isArch(arch)) {
    const profile = abiProfile(arch, ANY_PAGE_SIZE);
    // Apart from the others: the same numbers are sPAPR's in mainline.
    if (header === "qoriq-sdk") return describeUapi(profile, PAMU_UAPI);
    const newest = describeUapi(profile, mergeUapi([CORE_UAPI, TYPE1_UAPI, SPAPR_UAPI]));
    return header === "6.12" ? newest : before612(newest);
  }
  throw new LabError(
    "invalid-option",
    arch === undefined
      ? "abi needs --arch"
      : `--arch ${arch} is not an architecture of this library`,
    { hint: `--arch takes ${ARCHES.join(", ")}` },
  );
}

/** Valid errors: `invalid-option`. */
function headerOf(asked: string | undefined): HeaderVersion {
  if (asked === undefined) return installedHeader();
  const known = HEADER_VERSIONS.find((version) => version === asked);
  if (known !== undefined) return known;
  throw new LabError("invalid-option", `--header ${asked} is not a header known here`, {
    hint: `--header takes ${HEADER_VERSIONS.join(", ")}; left out, it is the installed one`,
  });
}

function abiText(description: UapiDescription, header: HeaderVersion): string {
  const { ioctls, structs, constants } = description;
  return [
    header === "qoriq-sdk"
      ? "linux/vfio.h of the QorIQ SDK: what PAMU has of its own\n\n"
      : `linux/vfio.h as of Linux ${header}\n\n`,
    ...["IOCTLS\n", table(Object.entries(ioctls).map(([name, value]) => ["", name, hex(value)]))],
    "\nSTRUCTS\n",
    ...Object.entries(structs).map(([name, { size, fields }]) =>
      table([
        ["", name, `${size} bytes`],
        ...Object.entries(fields).map(([field, at]) => [
          "",
          `  ${field}`,
          `${at.offset}, ${at.size} bytes`,
        ]),
      ]),
    ),
    "\nCONSTANTS\n",
    table(Object.entries(constants).map(([name, value]) => ["", name, JSON.stringify(value)])),
  ].join("");
}

function hex(value: number): string {
  return `0x${value.toString(16)}`;
}
