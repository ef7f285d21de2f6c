// The ioctls of VFIO by name: on which kind of file, and the members of their arguments.
//
// include/uapi/linux/vfio.h (6.12), x86-64. Only names depend on these tables: bytes that they do not
// know are kept as they are.

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

const FIRST = 0x3b64;

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

const CALLS: readonly (readonly [name: string, on: FileKind, number: number, Argument])[] = [
  ["VFIO_GET_API_VERSION", "container", 0, "value"],
  ["VFIO_CHECK_EXTENSION", "container", 1, "value"],
  ["VFIO_SET_IOMMU", "container", 2, "value"],
  [
    "VFIO_IOMMU_GET_INFO",
    "container",
    12,
    members("argsz", "flags", "iova_pgsizes:8", "cap_offset"),
  ],
  [
    "VFIO_IOMMU_MAP_DMA",
    "container",
    13,
    members("argsz", "flags", "vaddr:address", "iova:8", "size:8"),
  ],
  ["VFIO_IOMMU_UNMAP_DMA", "container", 14, RANGE],
  ["VFIO_IOMMU_DIRTY_PAGES", "container", 17, RANGE],
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

export const VFIO_CALLS: readonly VfioCall[] = CALLS.map(([name, on, number, argument]) => ({
  name,
  on,
  request: FIRST + number,
  argument,
}));

/** One number means different calls on different kinds of file. */
export function vfioCall(on: FileKind, request: number): VfioCall | undefined {
  return VFIO_CALLS.find((call) => call.on === on && call.request === request);
}
