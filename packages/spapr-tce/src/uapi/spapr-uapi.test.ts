// Holds sPAPR's table to what four C compilers printed, in both directions.

import { ARCHES, type Arch, abiProfile, describeUapi } from "@iommukit/core/abi";
import { describe, expect, test } from "vitest";
import {
  asOf61,
  readNewerNames,
  readVectors,
  select,
  VECTOR_SETS,
  type VectorSet,
} from "../../../../vectors/read.ts";
import { SPAPR_UAPI } from "./index.ts";

/** sPAPR and EEH by name, and what they share with Type1. */
const OWN = /^VFIO_(IOMMU_SPAPR|EEH_PE)_|^vfio_(iommu_spapr|eeh_pe)_/;
const SHARED =
  /^VFIO_IOMMU_(MAP_DMA|UNMAP_DMA|ENABLE|DISABLE)$|^VFIO_DMA_MAP_FLAG_(READ|WRITE)$|^vfio_iommu_type1_dma_(map|unmap)$/;

const cases = VECTOR_SETS.flatMap((set) => ARCHES.map((arch): [VectorSet, Arch] => [set, arch]));

describe.each(cases)("vectors/%s/%s.json", (set, arch) => {
  const described = describeUapi(abiProfile(arch, 4096), SPAPR_UAPI);
  const ours = set === "uapi" ? asOf61(described, readNewerNames()) : described;

  test("each name of sPAPR and EEH, and those shared with Type1, is the compiler's", () => {
    const { ioctls, structs, constants } = select(
      readVectors(set, arch),
      (name) => OWN.test(name) || SHARED.test(name),
    );
    expect(ours).toEqual({ ioctls, structs, constants });
    expect(Object.keys(ioctls)).toHaveLength(10);
    expect(Object.keys(structs)).toHaveLength(9);
    expect(Object.keys(constants)).toHaveLength(18);
  });
});

test("behavior: POWER's numbers carry the direction bit that x86's have not", () => {
  const create = (arch: Arch): number | undefined =>
    describeUapi(abiProfile(arch, 4096), SPAPR_UAPI).ioctls["VFIO_IOMMU_SPAPR_TCE_CREATE"];
  expect(create("ppc64le")).toBe(0x2000_3b77);
  expect(create("x86_64")).toBe(0x3b77);
});
