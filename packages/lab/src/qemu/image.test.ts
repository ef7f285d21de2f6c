import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { hasInterpreter } from "./elf.ts";
import { ensureImage, layerList, moduleList } from "./image.ts";
import { machineFor } from "./machines.ts";
import { BUSYBOX, findTool } from "./tools.ts";

const folder = mkdtempSync(join(tmpdir(), "iommukit-test-"));
afterAll(() => rmSync(folder, { recursive: true }));

const machine = {
  ...machineFor("vtd"),
  modules: [{ name: "vfio_iommu_type1", parameters: "allow_unsafe_interrupts=1" }, { name: "9p" }],
};
const modulesDir = join(folder, "lib/modules/6.0");
mkdirSync(modulesDir, { recursive: true });
writeFileSync(join(modulesDir, "modules.dep"), "vfio_iommu_type1.ko: vfio.ko\nvfio.ko:\n9p.ko:\n");
// Some tests change a module or take it away, and tests run in any order.
beforeEach(() => {
  for (const name of ["vfio", "vfio_iommu_type1", "9p"])
    writeFileSync(join(modulesDir, `${name}.ko`), `elf of ${name}`);
});
const request = {
  machine,
  kernel: { image: "/unused", modulesDir },
  cache: join(folder, "cache"),
};

const busybox = findTool(BUSYBOX);
const isUsable = busybox !== undefined && !hasInterpreter(readFileSync(busybox));

/** An ELF file of which nothing is read but that it asks for no interpreter. */
function staticProgram(): Buffer {
  const file = Buffer.alloc(0x40);
  file.writeUInt32BE(0x7f454c46);
  return file;
}

test("default: a guest of another processor brings its own busybox and root", async () => {
  const path = join(folder, "root");
  mkdirSync(join(path, "usr/bin"), { recursive: true });
  writeFileSync(join(path, "usr/bin/busybox"), staticProgram());
  const root = { path, node: "20", koffi: "3", packages: "nodejs", fileSha256: {} };
  const image = gunzipSync(readFileSync(await ensureImage({ ...request, root })));
  expect(image.includes(staticProgram())).toBe(true);
  expect(image.toString("latin1")).toContain("own\nroot\n");
  expect([layerList(root), layerList(undefined)]).toEqual(["own\nroot\n", "root\n"]);
});

test("moduleList: in order, with the parameters of those that were asked for", () => {
  const files = ["/m/kernel/vfio.ko.xz", "/m/kernel/vfio-iommu-type1.ko.xz", "/m/9p.ko"];
  expect(moduleList(files, machine.modules)).toBe(
    "vfio.ko\nvfio_iommu_type1.ko allow_unsafe_interrupts=1\n9p.ko\n",
  );
});

describe.skipIf(!isUsable)("ensureImage", () => {
  test("default: built once, then found", async () => {
    const path = await ensureImage(request);
    const image = gunzipSync(readFileSync(path)).toString("latin1");
    for (const text of ["#!/bin/busybox sh", "elf of 9p", "vfio_iommu_type1.ko allow_unsafe"]) {
      expect(image).toContain(text);
    }
    writeFileSync(path, "kept");
    expect(await ensureImage(request)).toBe(path);
    expect(readFileSync(path, "utf8")).toBe("kept");
  });

  test("behavior: a rebuilt module makes another image", async () => {
    const before = await ensureImage(request);
    writeFileSync(join(modulesDir, "9p.ko"), "elf of another 9p");
    expect(await ensureImage(request)).not.toBe(before);
  });

  test("error: file-unreadable for a module that is listed but not there", async () => {
    rmSync(join(modulesDir, "9p.ko"));
    await expect(ensureImage(request)).rejects.toMatchObject({ code: "file-unreadable" });
  });
});
