// Holds core's table to what four C compilers printed from the kernel's header, in both directions.

import { describe, expect, test } from "vitest";
import {
  asOf61,
  readNewerNames,
  readVectors,
  select,
  VECTOR_SETS,
  type VectorSet,
} from "../../../../vectors/read.ts";
import { ARCHES, type Arch, abiProfile } from "../abi/profile.ts";
import { describeUapi } from "../abi/uapi-table.ts";
import { CORE_UAPI } from "./table.ts";

/** Names of the header that are other packages'; every other name must be in core's table. */
const ELSEWHERE: readonly { readonly names: RegExp; readonly package: string }[] = [
  { names: /^VFIO_(IOMMU_SPAPR|EEH_PE)_|^vfio_(iommu_spapr|eeh_pe)_/, package: "spapr-tce" },
  { names: /^VFIO_IOMMU_(?!SPAPR)|^VFIO_DMA_(MAP|UNMAP)_/, package: "type1-x86" },
  { names: /^vfio_iommu_type1_|^vfio_iova_range$|^vfio_bitmap$/, package: "type1-x86" },
];

const isCore = (name: string): boolean => !ELSEWHERE.some(({ names }) => names.test(name));
const cases = VECTOR_SETS.flatMap((set) => ARCHES.map((arch): [VectorSet, Arch] => [set, arch]));

describe.each(cases)("vectors/%s/%s.json", (set, arch) => {
  const vectors = readVectors(set, arch);
  const abi = abiProfile(arch, 4096);
  const described = describeUapi(abi, CORE_UAPI);
  const ours = set === "uapi" ? asOf61(described, readNewerNames()) : described;
  const theirs = select(vectors, isCore);

  test("ioctl numbers are the compiler's, none missing on either side", () => {
    expect(ours.ioctls).toEqual(theirs.ioctls);
    expect(Object.keys(ours.ioctls).length).toBeGreaterThanOrEqual(17);
  });

  test("struct sizes, field offsets and field sizes are the compiler's", () => {
    expect(ours.structs).toEqual(theirs.structs);
    expect(Object.keys(ours.structs).length).toBeGreaterThanOrEqual(25);
  });

  test("constants are the compiler's", () => {
    expect(ours.constants).toEqual(theirs.constants);
    expect(Object.keys(ours.constants).length).toBeGreaterThanOrEqual(120);
  });

  test("the profile's byte order and word size are the compiler's", () => {
    const { byteOrder, wordBits } = abi;
    expect({ arch, byteOrder, wordBits }).toEqual(vectors.abi);
  });
});

test("behavior: every name that is left to another package exists in the header", () => {
  const { ioctls, structs, constants } = readVectors("uapi-6.12", "x86_64");
  const all = [ioctls, structs, constants].flatMap((names) => Object.keys(names));
  for (const { names } of ELSEWHERE) expect(all.filter((name) => names.test(name))).not.toEqual([]);
});

test("behavior: the list of newer names is exactly the difference of the two headers", () => {
  for (const arch of ARCHES) {
    const old = readVectors("uapi", arch);
    const current = readVectors("uapi-6.12", arch);
    const { ioctls, structs, constants } = asOf61(current, readNewerNames());
    expect({ ioctls, structs, constants }).toEqual(select(old, () => true));
  }
});

test("behavior: two ioctls of different descriptors share a number, and both names are kept", () => {
  const { ioctls } = readVectors("uapi-6.12", "ppc64le");
  expect(ioctls["VFIO_IOMMU_MAP_DMA"]).toBe(ioctls["VFIO_DEVICE_PCI_HOT_RESET"]);
});
