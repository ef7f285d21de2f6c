// Holds Type1's table, together with core's, to what four C compilers printed, in both directions.

import { ARCHES, type Arch, abiProfile, describeUapi, mergeUapi } from "@iommukit/core/abi";
import { CORE_UAPI } from "@iommukit/core/uapi";
import { describe, expect, test } from "vitest";
import {
  asOf61,
  readNewerNames,
  readVectors,
  select,
  VECTOR_SETS,
  type VectorSet,
} from "../../../../vectors/read.ts";
import { TYPE1_UAPI } from "./index.ts";

/** sPAPR and EEH, which share the header, are the package spapr-tce's. */
const SPAPR = /^VFIO_(IOMMU_SPAPR|EEH_PE)_|^vfio_(iommu_spapr|eeh_pe)_/;

const cases = VECTOR_SETS.flatMap((set) => ARCHES.map((arch): [VectorSet, Arch] => [set, arch]));

describe.each(cases)("vectors/%s/%s.json", (set, arch) => {
  const described = describeUapi(abiProfile(arch, 4096), mergeUapi([CORE_UAPI, TYPE1_UAPI]));
  const ours = set === "uapi" ? asOf61(described, readNewerNames()) : described;
  const theirs = select(readVectors(set, arch), (name) => !SPAPR.test(name));

  test("core and Type1 together are the whole header but sPAPR and EEH", () => {
    expect(ours).toEqual(theirs);
  });

  test("Type1 alone has each of its names, and the compiler's value for it", () => {
    const alone = describeUapi(abiProfile(arch, 4096), TYPE1_UAPI);
    const own = new Set([alone.ioctls, alone.structs, alone.constants].flatMap(Object.keys));
    const { ioctls, structs, constants } = select(theirs, (name) => own.has(name));
    const shown = set === "uapi" ? asOf61(alone, readNewerNames()) : alone;
    expect(shown).toEqual({ ioctls, structs, constants });
    expect(Object.keys(ioctls)).toHaveLength(6);
    expect(Object.keys(structs)).toHaveLength(10);
  });
});

test("behavior: a 32-bit ABI has a 32-bit bitmap pointer in the same 24 bytes", () => {
  const bitmap = (arch: Arch) =>
    describeUapi(abiProfile(arch, 4096), TYPE1_UAPI).structs["vfio_bitmap"];
  expect(bitmap("ppc32")).toMatchObject({ size: 24, fields: { data: { offset: 16, size: 4 } } });
  expect(bitmap("ppc64")).toMatchObject({ size: 24, fields: { data: { offset: 16, size: 8 } } });
});
