import { abiProfile } from "@iommukit/core";
import { describe, expect, test } from "vitest";
import power from "../../../../vectors/uapi/ppc64le.json" with { type: "json" };
import vectors from "../../../../vectors/uapi/x86_64.json" with { type: "json" };
import { ARGUMENT_BYTES, encode, type IoctlOp, type Names } from "./encode.ts";

const X86 = abiProfile("x86_64", 4096);
const POWER = abiProfile("ppc64le", 65_536);

const NAMES: Names = {
  fdOf: () => 42,
  addressOf: (word) => BigInt(word),
  deviceName: (template) => template.replace("{0}", "0000:00:10.0"),
};
const RANGE = { fd: "c0", argsz: 48, flags: 4, iova: "0x1000", size: "0x2000" } as const;
const BITMAP = { pgsize: "0x3000", size: "0x8", data: "0x5000" };

function encoded(op: IoctlOp) {
  const { request, argument } = encode(X86, op, NAMES);
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
  expect(encode(X86, op, NAMES).request).toBe(vectors.ioctls[name]);
});

describe("POWER", () => {
  const MEMORY = { fd: "c0", argsz: 24, flags: 3, vaddr: "0x9000", size: "0x2000" } as const;
  const CREATE = {
    op: "create",
    fd: "c0",
    argsz: 40,
    flags: 3,
    pageShift: 16,
    windowSize: "0x200000",
    levels: 2,
  } as const;
  const REMOVE = { op: "remove", fd: "c0", argsz: 16, flags: 3, start: "0x1000" } as const;
  const EEH = {
    op: "eeh",
    fd: "c0",
    argsz: 40,
    flags: 3,
    operation: 9,
    type: 1,
    func: 4,
  } as const;

  test.each<[IoctlOp, keyof typeof power.ioctls]>([
    [{ op: "word", fd: "c0", call: "GET_API_VERSION", value: 0 }, "VFIO_GET_API_VERSION"],
    [{ ...RANGE, op: "map", vaddr: "0x9000" }, "VFIO_IOMMU_MAP_DMA"],
    [{ op: "iommu-info", fd: "c0", argsz: 32 }, "VFIO_IOMMU_SPAPR_TCE_GET_INFO"],
    [{ op: "word", fd: "c0", call: "IOMMU_ENABLE", value: 0 }, "VFIO_IOMMU_ENABLE"],
    [
      { op: "word", fd: "c0", call: "IOMMU_DIRTY_PAGES", value: 0 },
      "VFIO_IOMMU_SPAPR_REGISTER_MEMORY",
    ],
    [{ ...MEMORY, op: "register" }, "VFIO_IOMMU_SPAPR_REGISTER_MEMORY"],
    [{ ...MEMORY, op: "unregister" }, "VFIO_IOMMU_SPAPR_UNREGISTER_MEMORY"],
    [CREATE, "VFIO_IOMMU_SPAPR_TCE_CREATE"],
    [REMOVE, "VFIO_IOMMU_SPAPR_TCE_REMOVE"],
    [EEH, "VFIO_EEH_PE_OP"],
  ])("default: %j is %s", (op, name) => {
    expect(encode(POWER, op, NAMES).request).toBe(power.ioctls[name]);
  });

  test.each<[IoctlOp, keyof typeof power.structs, Readonly<Record<string, bigint>>]>([
    [
      { ...MEMORY, op: "register" },
      "vfio_iommu_spapr_register_memory",
      { argsz: 24n, flags: 3n, vaddr: 0x9000n, size: 0x2000n },
    ],
    [
      CREATE,
      "vfio_iommu_spapr_tce_create",
      { argsz: 40n, flags: 3n, page_shift: 16n, window_size: 0x20_0000n, levels: 2n },
    ],
    [REMOVE, "vfio_iommu_spapr_tce_remove", { argsz: 16n, flags: 3n, start_addr: 0x1000n }],
    [EEH, "vfio_eeh_pe_op", { argsz: 40n, flags: 3n, op: 9n }],
  ])("%j lies where a C compiler puts %s", (op, struct, members) => {
    const { argument } = encode(POWER, op, NAMES);
    if (typeof argument === "number") throw new Error("a value");
    const view = new DataView(argument.buffer);
    const fields: Readonly<Record<string, { readonly offset: number; readonly size: number }>> =
      power.structs[struct].fields;
    for (const [name, value] of Object.entries(members)) {
      const { offset = -1, size = 0 } = fields[name] ?? {};
      const found =
        size === 8 ? view.getBigUint64(offset, true) : BigInt(view.getUint32(offset, true));
      expect([name, found]).toEqual([name, value]);
    }
  });

  test("the error to inject lies behind the padding", () => {
    const { argument } = encode(POWER, EEH, NAMES);
    if (typeof argument === "number") throw new Error("a value");
    const { offset } = power.structs.vfio_eeh_pe_op.fields.err;
    const view = new DataView(argument.buffer, offset);
    expect([view.getUint32(0, true), view.getUint32(4, true)]).toEqual([1, 4]);
  });
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
