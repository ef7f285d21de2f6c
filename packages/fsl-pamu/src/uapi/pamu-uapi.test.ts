// vfio-uapi-qoriq-sdk: PAMU's table is what two C compilers printed, in both directions, byte for byte.

import { abiProfile, createWriter, describeUapi, ioctlNumber } from "@iommukit/core/abi";
import { describe, expect, test } from "vitest";
import { readVectors } from "../../../../vectors/read.ts";
import { vfio_pamu_attr } from "./attr.ts";
import { vfio_iommu_type1_dma_map } from "./dma.ts";
import { PAMU_UAPI } from "./index.ts";
import {
  VFIO_IOMMU_PAMU_MAP_MSI_BANK,
  vfio_pamu_msi_bank_map,
  vfio_pamu_msi_bank_unmap,
} from "./msi.ts";

const ARCHES = ["ppc32", "ppc64"] as const;

describe.each(ARCHES)("vectors/fsl-pamu/%s.json", (arch) => {
  const abi = abiProfile(arch, 4096);

  test("every name has the compiler's number, size and offsets; none is missing", () => {
    const { ioctls, structs, constants } = readVectors("fsl-pamu", arch);
    expect(describeUapi(abi, PAMU_UAPI)).toEqual({ ioctls, structs, constants });
    expect(Object.keys(ioctls)).toHaveLength(7);
    expect(Object.keys(structs)).toHaveLength(5);
  });

  const words = (bytes: Uint8Array): string[] =>
    Array.from({ length: bytes.length / 4 }, (_, index) =>
      new DataView(bytes.buffer, bytes.byteOffset)
        .getUint32(index * 4)
        .toString(16)
        .padStart(8, "0"),
    );

  test("GEOMETRY of 1 GiB, 256 WINDOWS and STASH of CPU 3's L1, big-endian", () => {
    const attribute = (fill: (set: ReturnType<typeof writer>["set"]) => void): string => {
      const { set, bytes } = writer();
      set.argsz(bytes.length);
      fill(set);
      return words(bytes).join(" ");
    };
    const writer = () => createWriter(vfio_pamu_attr, abi);
    expect(
      attribute((set) => {
        set.aperture_start(0n);
        set.aperture_end(0x3fff_ffffn);
      }),
    ).toBe("00000020 00000000 00000000 00000000 00000000 00000000 00000000 3fffffff");
    expect(
      attribute((set) => {
        set.attribute(1);
        set.windows(256);
      }),
    ).toBe("00000020 00000000 00000001 00000000 00000100 00000000 00000000 00000000");
    expect(
      attribute((set) => {
        set.attribute(2);
        set.cpu(3);
        set.cache(1);
      }),
    ).toBe("00000020 00000000 00000002 00000000 00000003 00000001 00000000 00000000");
  });

  test("MAP_MSI of bank 1 at 0x20400000, and its UNMAP", () => {
    const map = createWriter(vfio_pamu_msi_bank_map, abi);
    map.set.argsz(24);
    map.set.flags(3);
    map.set.msi_bank_index(1);
    map.set.iova(0x2040_0000n);
    expect(words(map.bytes).join(" ")).toBe(
      "00000018 00000003 00000001 00000000 00000000 20400000",
    );
    const unmap = createWriter(vfio_pamu_msi_bank_unmap, abi);
    unmap.set.argsz(16);
    unmap.set.iova(0x2040_0000n);
    expect(words(unmap.bytes).join(" ")).toBe("00000010 00000000 00000000 20400000");
  });

  test("a host pointer has 64 bits in the struct, also on a 32-bit ABI", () => {
    const { set, bytes } = createWriter(vfio_iommu_type1_dma_map, abi);
    set.vaddr(0xb000_1000n);
    expect(words(bytes).slice(2, 4)).toEqual(["00000000", "b0001000"]);
  });

  test("numbers carry powerpc's direction bit", () => {
    expect(ioctlNumber(abi, VFIO_IOMMU_PAMU_MAP_MSI_BANK)).toBe(0x2000_3b76);
  });
});
