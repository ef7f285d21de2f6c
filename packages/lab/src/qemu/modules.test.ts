import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, describe, expect, test } from "vitest";
import { loadOrder, moduleName, parseModuleIndex, readModule, readModuleIndex } from "./modules.ts";

const DEP = `kernel/net/9p.ko.xz: kernel/net/9pnet.ko.xz kernel/fs/netfs.ko.xz
kernel/net/9pnet.ko.xz: kernel/fs/netfs.ko.xz
kernel/fs/netfs.ko.xz:
kernel/vfio/vfio-pci.ko.xz: kernel/vfio/vfio-pci-core.ko.xz kernel/vfio/vfio.ko.xz kernel/irqbypass.ko.xz
kernel/vfio/vfio-pci-core.ko.xz: kernel/vfio/vfio.ko.xz kernel/irqbypass.ko.xz
kernel/vfio/vfio.ko.xz:
kernel/irqbypass.ko.xz:
`;
const BUILTIN = "kernel/drivers/char/virtio_console.ko\nkernel/drivers/virtio/virtio-pci.ko\n";

const index = parseModuleIndex(DEP, BUILTIN);
const folder = mkdtempSync(join(tmpdir(), "iommukit-test-"));
afterAll(() => rmSync(folder, { recursive: true }));

describe("loadOrder", () => {
  test("default", () => {
    expect(loadOrder(index, ["9p", "vfio-pci"])).toEqual([
      "kernel/fs/netfs.ko.xz",
      "kernel/net/9pnet.ko.xz",
      "kernel/net/9p.ko.xz",
      "kernel/irqbypass.ko.xz",
      "kernel/vfio/vfio.ko.xz",
      "kernel/vfio/vfio-pci-core.ko.xz",
      "kernel/vfio/vfio-pci.ko.xz",
    ]);
  });

  test("behavior: each comes after all that it needs, and once", () => {
    const order = loadOrder(index, ["vfio_pci", "9p", "vfio", "9pnet", "9p"]);
    expect(new Set(order).size).toBe(order.length);
    for (const [at, file] of order.entries()) {
      for (const needed of index.needs.get(file) ?? []) {
        expect(order.indexOf(needed), `${needed} before ${file}`).toBeLessThan(at);
      }
    }
  });

  test("behavior: built-in modules need no file", () => {
    expect(loadOrder(index, ["virtio_console", "virtio_pci"])).toEqual([]);
  });

  test("error: module-missing", () => {
    expect(() => loadOrder(index, ["virtio-iommu"])).toThrow(
      expect.objectContaining({ code: "module-missing", facts: { module: "virtio_iommu" } }),
    );
  });
});

describe("moduleName", () => {
  test.each([
    ["kernel/drivers/vfio/pci/vfio-pci.ko.xz", "vfio_pci"],
    ["vfio-pci.ko", "vfio_pci"],
    ["vfio_pci", "vfio_pci"],
    ["a/9p.ko.zst", "9p"],
    ["a/i2c-algo-bit.ko.gz", "i2c_algo_bit"],
  ])("%s is %s", (file, name) => {
    expect(moduleName(file)).toBe(name);
  });
});

describe("readModule", () => {
  test("default", async () => {
    writeFileSync(join(folder, "plain.ko"), "elf");
    writeFileSync(join(folder, "packed.ko.gz"), gzipSync("elf"));
    expect((await readModule(join(folder, "plain.ko"))).toString()).toBe("elf");
    expect((await readModule(join(folder, "packed.ko.gz"))).toString()).toBe("elf");
  });

  test("error: file-unreadable", async () => {
    writeFileSync(join(folder, "bad.ko.gz"), "not gzip");
    const unreadable = expect.objectContaining({ code: "file-unreadable" });
    await expect(readModule(join(folder, "none.ko"))).rejects.toEqual(unreadable);
    await expect(readModule(join(folder, "bad.ko.gz"))).rejects.toEqual(unreadable);
  });
});

describe("readModuleIndex", () => {
  test("default", async () => {
    writeFileSync(join(folder, "modules.dep"), DEP);
    const read = await readModuleIndex(folder);
    expect(read.files.get("vfio_pci")).toBe("kernel/vfio/vfio-pci.ko.xz");
    expect(read.builtin.size).toBe(0);
  });

  test("error: file-unreadable, with the remedy", async () => {
    await expect(readModuleIndex(join(folder, "none"))).rejects.toMatchObject({
      code: "file-unreadable",
      hint: expect.stringContaining("depmod"),
    });
  });
});
