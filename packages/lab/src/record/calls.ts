// The ioctls of VFIO by name: on which kind of file, and the members of their arguments.
//
// include/uapi/linux/vfio.h (6.12), x86-64 and ppc64le, which lay structs out alike. Only names depend
// on these tables: bytes that they do not know are kept as they are.

import type { KernelPort } from "@iommukit/core";

export type FileKind = "container" | "group" | "device" | "other";

/** `fd` and `address` are numbers that another run has otherwise. */
export interface Member {
  readonly name: string;
  readonly at: number;
  readonly bytes: 4 | 8;
  readonly kind: "number" | "fd" | "address";
}

export type Argument = "value" | "name" | readonly Member[];

export interface VfioCall {
  readonly name: string;
  readonly on: FileKind;
  readonly request: number;
  readonly argument: Argument;
}

type Abi = KernelPort["abi"];
type Row = readonly [name: string, on: FileKind, number: number, Argument];

/** `_IO(';', 100)` where "no direction" is 0; powerpc has a bit for it. */
const FIRST = { generic: 0x3b64, powerpc: 0x2000_3b64 };

/** Members that lie side by side, as `name:bytes` or `name:fd` or `name:address`. */
function members(...descriptions: readonly string[]): readonly Member[] {
  let at = 0;
  return descriptions.map((description) => {
    const [name = "", kind = "4"] = description.split(":");
    const bytes = kind === "8" || kind === "address" ? 8 : 4;
    const member: Member = {
      name,
      at,
      bytes,
      kind: kind === "fd" || kind === "address" ? kind : "number",
    };
    at += bytes;
    return member;
  });
}

const BITMAP = ["bitmap.pgsize:8", "bitmap.size:8", "bitmap.data:address"];
const RANGE = members("argsz", "flags", "iova:8", "size:8", ...BITMAP);
const MAP = members("argsz", "flags", "vaddr:address", "iova:8", "size:8");

/** One number means one thing to Type1 and another to sPAPR; a kernel has one of them. */
const TYPE1: readonly Row[] = [
  [
    "VFIO_IOMMU_GET_INFO",
    "container",
    12,
    members("argsz", "flags", "iova_pgsizes:8", "cap_offset"),
  ],
  ["VFIO_IOMMU_MAP_DMA", "container", 13, MAP],
  ["VFIO_IOMMU_UNMAP_DMA", "container", 14, RANGE],
  ["VFIO_IOMMU_DIRTY_PAGES", "container", 17, RANGE],
];

const REGISTRATION = members("argsz", "flags", "vaddr:address", "size:8");
const INFO_DDW = ["ddw.pgsizes:8", "ddw.max_dynamic_windows_supported", "ddw.levels"];
const EEH_ERROR = ["err.type", "err.func", "err.addr:8", "err.mask:8"];

const SPAPR: readonly Row[] = [
  [
    "VFIO_IOMMU_SPAPR_TCE_GET_INFO",
    "container",
    12,
    members("argsz", "flags", "dma32_window_start", "dma32_window_size", ...INFO_DDW),
  ],
  ["VFIO_IOMMU_MAP_DMA", "container", 13, MAP],
  ["VFIO_IOMMU_UNMAP_DMA", "container", 14, members("argsz", "flags", "iova:8", "size:8")],
  ["VFIO_IOMMU_ENABLE", "container", 15, "value"],
  ["VFIO_IOMMU_DISABLE", "container", 16, "value"],
  ["VFIO_IOMMU_SPAPR_REGISTER_MEMORY", "container", 17, REGISTRATION],
  ["VFIO_IOMMU_SPAPR_UNREGISTER_MEMORY", "container", 18, REGISTRATION],
  [
    "VFIO_IOMMU_SPAPR_TCE_CREATE",
    "container",
    19,
    members(
      "argsz",
      "flags",
      "page_shift",
      "__resv1",
      "window_size:8",
      "levels",
      "__resv2",
      "start_addr:8",
    ),
  ],
  ["VFIO_IOMMU_SPAPR_TCE_REMOVE", "container", 20, members("argsz", "flags", "start_addr:8")],
  // The union behind `op` begins with the alignment of its 64-bit members.
  ["VFIO_EEH_PE_OP", "container", 21, members("argsz", "flags", "op", "pad", ...EEH_ERROR)],
];

const COMMON: readonly Row[] = [
  ["VFIO_GET_API_VERSION", "container", 0, "value"],
  ["VFIO_CHECK_EXTENSION", "container", 1, "value"],
  ["VFIO_SET_IOMMU", "container", 2, "value"],
  ["VFIO_GROUP_GET_STATUS", "group", 3, members("argsz", "flags")],
  ["VFIO_GROUP_SET_CONTAINER", "group", 4, members("container:fd")],
  ["VFIO_GROUP_UNSET_CONTAINER", "group", 5, "value"],
  ["VFIO_GROUP_GET_DEVICE_FD", "group", 6, "name"],
  [
    "VFIO_DEVICE_GET_INFO",
    "device",
    7,
    members("argsz", "flags", "num_regions", "num_irqs", "cap_offset"),
  ],
  [
    "VFIO_DEVICE_GET_REGION_INFO",
    "device",
    8,
    members("argsz", "flags", "index", "cap_offset", "size:8", "offset:8"),
  ],
  ["VFIO_DEVICE_GET_IRQ_INFO", "device", 9, members("argsz", "flags", "index", "count")],
  [
    "VFIO_DEVICE_SET_IRQS",
    "device",
    10,
    members("argsz", "flags", "index", "start", "count", "eventfd:fd"),
  ],
  ["VFIO_DEVICE_RESET", "device", 11, "value"],
];

const CALLS: Readonly<Record<Abi["ioctlEncoding"], readonly VfioCall[]>> = {
  generic: callsOf(FIRST.generic, TYPE1),
  powerpc: callsOf(FIRST.powerpc, SPAPR),
};

function callsOf(first: number, own: readonly Row[]): readonly VfioCall[] {
  return [...COMMON, ...own].map(([name, on, number, argument]) => ({
    name,
    on,
    request: first + number,
    argument,
  }));
}

/** One number means different calls on different kinds of file. */
export function vfioCall(abi: Abi, on: FileKind, request: number): VfioCall | undefined {
  return CALLS[abi.ioctlEncoding].find((call) => call.on === on && call.request === request);
}

/** A call by its name; nothing where the kernel's IOMMUs have no such call. */
export function namedCall(abi: Abi, name: string): VfioCall | undefined {
  return CALLS[abi.ioctlEncoding].find((call) => call.name === name);
}
