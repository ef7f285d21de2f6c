import { describe, expect, test } from "vitest";
import vectors from "../../../../vectors/uapi/x86_64.json" with { type: "json" };
import { ARGUMENT_BYTES, encode, type IoctlOp, type Names } from "./encode.ts";

const NAMES: Names = {
  fdOf: () => 42,
  addressOf: (word) => BigInt(word),
  deviceName: (template) => template.replace("{0}", "0000:00:10.0"),
};
const RANGE = { fd: "c0", argsz: 48, flags: 4, iova: "0x1000", size: "0x2000" } as const;
const BITMAP = { pgsize: "0x3000", size: "0x8", data: "0x5000" };

function encoded(op: IoctlOp) {
  const { request, argument } = encode(op, NAMES);
  if (typeof argument === "number") throw new Error("a value");
  return { request, view: new DataView(argument.buffer), argument };
}

function offset(struct: keyof typeof vectors.structs, field: string): number {
  const { fields } = vectors.structs[struct];
  const places: Readonly<Record<string, { readonly offset: number }>> = fields;
  const place = places[field];
  if (place === undefined) throw new Error(`${struct} has no ${field}`);
  return place.offset;
}

test.each<[IoctlOp, keyof typeof vectors.ioctls]>([
  [{ op: "word", fd: "c0", call: "GET_API_VERSION", value: 0 }, "VFIO_GET_API_VERSION"],
  [{ op: "word", fd: "c0", call: "CHECK_EXTENSION", value: 0 }, "VFIO_CHECK_EXTENSION"],
  [{ op: "word", fd: "c0", call: "SET_IOMMU", value: 0 }, "VFIO_SET_IOMMU"],
  [{ op: "word", fd: "g0", call: "GROUP_UNSET_CONTAINER", value: 0 }, "VFIO_GROUP_UNSET_CONTAINER"],
  [{ op: "word", fd: "d0", call: "DEVICE_RESET", value: 0 }, "VFIO_DEVICE_RESET"],
  [{ op: "status", fd: "g0", argsz: 8 }, "VFIO_GROUP_GET_STATUS"],
  [{ op: "attach", fd: "g0", container: "c0" }, "VFIO_GROUP_SET_CONTAINER"],
  [{ op: "device", fd: "g0", into: "d0", name: "{0}" }, "VFIO_GROUP_GET_DEVICE_FD"],
  [{ op: "device-info", fd: "d0", argsz: 24 }, "VFIO_DEVICE_GET_INFO"],
  [{ op: "region-info", fd: "d0", argsz: 32, index: 0 }, "VFIO_DEVICE_GET_REGION_INFO"],
  [{ op: "irq-info", fd: "d0", argsz: 16, index: 0 }, "VFIO_DEVICE_GET_IRQ_INFO"],
  [{ op: "iommu-info", fd: "c0", argsz: 24 }, "VFIO_IOMMU_GET_INFO"],
  [{ ...RANGE, op: "map", vaddr: "0x9000" }, "VFIO_IOMMU_MAP_DMA"],
  [{ ...RANGE, op: "unmap" }, "VFIO_IOMMU_UNMAP_DMA"],
  [{ ...RANGE, op: "dirty" }, "VFIO_IOMMU_DIRTY_PAGES"],
])("default: %j is %s", (op, name) => {
  expect(encode(op, NAMES).request).toBe(vectors.ioctls[name]);
});

describe("fields lie where a C compiler puts them", () => {
  test("vfio_iommu_type1_dma_map", () => {
    const { view } = encoded({ ...RANGE, op: "map", vaddr: "0x9000" });
    const at = (field: string) => offset("vfio_iommu_type1_dma_map", field);
    expect([view.getUint32(at("argsz"), true), view.getUint32(at("flags"), true)]).toEqual([48, 4]);
    expect(["vaddr", "iova", "size"].map((field) => view.getBigUint64(at(field), true))).toEqual([
      0x9000n,
      0x1000n,
      0x2000n,
    ]);
  });

  test("vfio_iommu_type1_dma_unmap and its bitmap", () => {
    const { view } = encoded({ ...RANGE, op: "unmap", bitmap: BITMAP });
    const start = offset("vfio_iommu_type1_dma_unmap", "data");
    const bitmap = ["pgsize", "size", "data"].map((field) => start + offset("vfio_bitmap", field));
    const range = ["iova", "size"].map((field) => offset("vfio_iommu_type1_dma_unmap", field));
    expect([...range, ...bitmap].map((at) => view.getBigUint64(at, true))).toEqual([
      0x1000n,
      0x2000n,
      0x3000n,
      8n,
      0x5000n,
    ]);
  });

  test("vfio_irq_set", () => {
    const { request, view } = encoded({
      op: "set-irqs",
      fd: "d0",
      argsz: 24,
      flags: 1,
      index: 2,
      start: 3,
      count: 4,
      data: ["e0", 7],
    });
    expect(request).toBe(vectors.ioctls.VFIO_DEVICE_SET_IRQS);
    const fields = ["argsz", "flags", "index", "start", "count"];
    expect(fields.map((field) => view.getUint32(offset("vfio_irq_set", field), true))).toEqual([
      24, 1, 2, 3, 4,
    ]);
    expect([view.getInt32(20, true), view.getInt32(24, true)]).toEqual([42, 7]);
  });
});

test("behavior: what is no part of an argument is filled, so that a write to it shows", () => {
  const { argument } = encoded({ op: "status", fd: "g0", argsz: 8 });
  expect(argument).toHaveLength(ARGUMENT_BYTES);
  expect([...new Set(argument.subarray(4))]).toEqual([0xee]);
});

test("behavior: a device's name ends with NUL, however long it is", () => {
  const { argument } = encoded({ op: "device", fd: "g0", into: "d0", name: "{0}" });
  expect(Buffer.from(argument.subarray(0, 13)).toString()).toBe("0000:00:10.0\0");
  const long = encoded({ op: "device", fd: "g0", into: "d0", name: "x".repeat(4096) });
  expect(long.argument[4096]).toBe(0);
});
