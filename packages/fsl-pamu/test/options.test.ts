// What `fslPamu`, `createWindow` and the extension take: a wrong value is one error and makes no call.

import { bytes, iova } from "@iommukit/core";
import { type FslPamuOptions, fslPamu, PAMU } from "@iommukit/fsl-pamu";
import { describe, expect, test } from "vitest";
import { masked, memoryOf, refusedWithoutCall, thrown } from "./masked-pamu.ts";
import { compat, GIB, KIB, MIB, PAGE } from "./raw-pamu.ts";

function aperture(start: number, size: number, windowSize: number): FslPamuOptions["aperture"] {
  return { start: iova(start), size: bytes(size), windowSize: bytes(windowSize) };
}

describe("error: options of fslPamu that are none", () => {
  test.each<[string, unknown, string]>([
    ["nothing", undefined, "invalid-argument"],
    ["null", null, "invalid-argument"],
    ["no type", {}, "invalid-argument"],
    ["sPAPR's own type by another name", { type: 8 }, "invalid-argument"],
    ["a type as text", { type: "7" }, "invalid-argument"],
    ["an unknown member", { type: 7, windows: 256 }, "invalid-argument"],
    ["6 MiB", { type: 7, aperture: aperture(0, 6 * MIB, PAGE) }, "invalid-argument"],
    ["windows of 3 KiB", { type: 7, aperture: aperture(0, MIB, 3 * KIB) }, "invalid-argument"],
    ["windows of 2 KiB", { type: 7, aperture: aperture(0, MIB, 2 * KIB) }, "invalid-argument"],
    [
      "larger windows than all",
      { type: 7, aperture: aperture(0, MIB, 2 * MIB) },
      "invalid-argument",
    ],
    ["no bytes", { type: 7, aperture: aperture(0, 0, PAGE) }, "zero-size"],
    ["windows of no bytes", { type: 7, aperture: aperture(0, MIB, 0) }, "zero-size"],
    ["an odd start", { type: 7, aperture: aperture(PAGE, MIB, PAGE) }, "misaligned"],
    ["beyond 64 GiB", { type: 7, aperture: aperture(64 * GIB, GIB, MIB) }, "no-iova-space"],
  ])("%s", (_, options, code) => {
    expect(thrown(() => Reflect.apply(fslPamu, undefined, [options])).code).toBe(code);
  });
});

describe("the aperture", () => {
  test("default: as many pages as the hardware has windows, at 0", () => {
    const { container } = masked(compat());
    expect(container.windows.list()).toEqual([
      {
        kind: "subdivided",
        start: 0n,
        last: BigInt(MIB - 1),
        pageSize: PAGE,
        hardwarePageSizes: BigInt(PAGE),
        subwindowSize: BigInt(PAGE),
      },
    ]);
    container.close();
  });

  test("default: 16 of them on revision 1", () => {
    const { container, pamu } = masked(compat({ windows: 16 }));
    expect(container.windows.list()[0]?.last).toBe(BigInt(16 * PAGE - 1));
    expect(pamu.maxWindows).toBe(16);
    container.close();
  });

  test("one that is asked for, with windows that need contiguous memory", () => {
    const asked = { start: iova(2 * GIB), size: bytes(GIB), windowSize: bytes(4 * MIB) };
    const { container } = masked(compat(), { backend: { aperture: asked } });
    expect(container.windows.list()).toMatchObject([
      { start: asked.start, pageSize: 4 * MIB, hostContiguity: asked.windowSize },
    ]);
    container.close();
  });

  test("error: more windows than this hardware has, said when the container opens", () => {
    const open = () => masked(compat({ windows: 16 }), { backend: { aperture: APERTURE_32 } });
    expect(thrown(open).message).toContain("32 windows, and the hardware has 16");
  });

  const APERTURE_32 = { start: iova(0), size: bytes(32 * PAGE), windowSize: bytes(PAGE) };

  test("error: a second one, levels, and one that is not there", () => {
    const world = masked(compat());
    const { windows } = world.container;
    const request = { size: bytes(16 * PAGE), pageSize: PAGE };
    refusedWithoutCall(world, "no-iova-space", () => windows.create(request));
    const [present] = windows.list();
    if (present === undefined) throw new Error("no window");
    windows.remove(present);
    refusedWithoutCall(world, "invalid-argument", () => windows.remove(present));
    refusedWithoutCall(world, "invalid-argument", () => windows.create({ ...request, levels: 2 }));
    expect(windows.create(request).last).toBe(BigInt(16 * PAGE - 1));
    world.container.close();
  });

  test("error: removed while something is in it", () => {
    const world = masked(compat());
    const { container, iommu, pamu } = world;
    const memory = memoryOf(iommu, PAGE);
    const [present] = container.windows.list();
    if (present === undefined) throw new Error("no window");
    const remove = (): void => container.windows.remove(present);
    container.dma.map(iova(0), memory.address, memory.size, "read");
    refusedWithoutCall(world, "memory-in-use", remove);
    container.dma.unmap(iova(0), memory.size);
    pamu.mapMsiBank(0, iova(0));
    expect(refusedWithoutCall(world, "memory-in-use", remove).message).toContain("MSI bank 0");
    pamu.unmapMsiBank(0);
    remove();
    container.close();
  });
});

describe("error: what the extension takes", () => {
  test.each<[string, unknown]>([
    ["undefined", undefined],
    ["null", null],
    ["a number", 3],
    ["no members", {}],
    ["a cache that turns into no text", { cpu: 0, cache: Object.create(null) }],
    ["a cpu that turns into no text", { cpu: Object.create(null), cache: "L1" }],
    ["a cpu that is none", { cpu: -1, cache: "L1" }],
    ["half a cpu", { cpu: 0.5, cache: "L1" }],
    ["a cpu beyond 32 bits", { cpu: 2 ** 32, cache: "L1" }],
    ["a cache that is none", { cpu: 0, cache: "L4" }],
    ["a cache by its number", { cpu: 0, cache: 1 }],
    ["a property of every object", { cpu: 0, cache: "toString" }],
  ])("stash: %s", (_, target) => {
    const world = masked(compat());
    expect(thrown(() => Reflect.apply(world.pamu.setStash, undefined, [target])).code).toBe(
      "invalid-argument",
    );
    expect(world.host.calls.get("VFIO_IOMMU_PAMU_SET_ATTR")).toBe(2);
    world.container.close();
  });

  test.each([-1, 0.5, 3, Number.NaN, "0"])("MSI bank %s", (bank) => {
    const world = masked(compat());
    for (const method of [world.pamu.mapMsiBank, world.pamu.unmapMsiBank])
      refusedWithoutCall(world, "invalid-argument", () =>
        Reflect.apply(method, undefined, [bank, iova(0)]),
      );
    world.container.close();
  });

  test("a method of resuming", () => {
    const world = masked(compat());
    refusedWithoutCall(world, "invalid-argument", () =>
      Reflect.apply(world.pamu.resume, undefined, ["hope"]),
    );
    world.container.close();
  });

  test("nothing after the container was closed", () => {
    const world = masked(compat());
    world.container.close();
    const { pamu } = world;
    refusedWithoutCall(world, "closed", () => pamu.mapMsiBank(0, iova(0)));
    refusedWithoutCall(world, "closed", () => pamu.unmapMsiBank(0));
    refusedWithoutCall(world, "closed", () => pamu.msiWindows());
    refusedWithoutCall(world, "closed", () => pamu.setStash({ cpu: 0, cache: "L1" }));
    refusedWithoutCall(world, "closed", () => pamu.resume());
    refusedWithoutCall(world, "closed", () => world.container.extension(PAMU));
  });
});
