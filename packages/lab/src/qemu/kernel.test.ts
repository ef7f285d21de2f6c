import { createHash } from "node:crypto";
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  findKernel,
  type InstalledKernel,
  inspectKernel,
  kernelsFolder,
  recordKernel,
} from "./kernel.ts";
import { digestsOf } from "./kernel-files.ts";
import { kernelTrouble } from "./kernel-trouble.ts";
import { machineFor } from "./machines.ts";
import { errnoOf, fieldsOf } from "./unknown.ts";

let cache: string;
let kernel: InstalledKernel;
beforeEach(async () => {
  cache = mkdtempSync(join(tmpdir(), "iommukit-test-"));
  const tree = join(kernelsFolder(cache, "s"), "tree");
  kernel = {
    image: join(tree, "boot/vmlinuz-6"),
    modulesDir: join(tree, "lib/modules/6"),
    release: "6",
    packageName: "linux-image-6",
    version: "6-1",
    sha256: "ab",
    imageSha256: createHash("sha256").update("kernel").digest("hex"),
    moduleSha256: {},
  };
  mkdirSync(join(tree, "boot"), { recursive: true });
  mkdirSync(kernel.modulesDir, { recursive: true });
  writeFileSync(kernel.image, "kernel");
  writeFileSync(join(kernel.modulesDir, "modules.dep"), "a.ko: b.ko\nb.ko:\n");
  for (const name of ["a.ko", "b.ko"]) writeFileSync(join(kernel.modulesDir, name), name);
  const moduleSha256 = await digestsOf(kernel.modulesDir, ["modules.dep", "a.ko", "b.ko"]);
  kernel = { ...kernel, moduleSha256 };
  await recordKernel(cache, "s", "meta", kernel);
});
afterEach(() => rmSync(cache, { recursive: true }));

describe("findKernel", () => {
  test("default: what was recorded", async () => {
    expect(await findKernel(cache, "s", "meta")).toEqual(kernel);
  });

  test("behavior: another suite, package or cache has none", async () => {
    expect(await findKernel(cache, "t", "meta")).toBeUndefined();
    expect(await findKernel(cache, "s", "other")).toBeUndefined();
    expect(await findKernel(join(cache, "none"), "s", "meta")).toBeUndefined();
  });

  test("behavior: the cache may be moved", async () => {
    const moved = `${cache}-moved`;
    renameSync(cache, moved);
    const found = await findKernel(moved, "s", "meta");
    renameSync(moved, cache);
    expect(found?.image).toBe(kernel.image.replace(cache, moved));
  });

  test("behavior: a damaged image, index or record is like none", async () => {
    const record = join(kernelsFolder(cache, "s"), "meta.json");
    const text = readFileSync(record, "utf8");
    for (const damaged of ["", "{", "[]", "{}", text.replace("tree/boot", "/boot")]) {
      writeFileSync(record, damaged);
      expect(await findKernel(cache, "s", "meta"), damaged).toBeUndefined();
    }
    writeFileSync(record, text);
    writeFileSync(kernel.image, "kernel?");
    expect(await findKernel(cache, "s", "meta")).toBeUndefined();
    writeFileSync(kernel.image, "kernel");
    rmSync(join(kernel.modulesDir, "modules.dep"));
    expect(await findKernel(cache, "s", "meta")).toBeUndefined();
  });
});

describe("inspectKernel", () => {
  test("default: ready, or absent", async () => {
    expect(await inspectKernel(cache, "s", "meta")).toEqual({ state: "ready", kernel });
    expect(await inspectKernel(cache, "s", "other")).toEqual({ state: "absent" });
  });

  test("behavior: names the file that was cut, changed or removed", async () => {
    const module = join(kernel.modulesDir, "b.ko");
    for (const damage of [
      () => truncateSync(module, 1),
      () => writeFileSync(module, "c.ko"),
      () => rmSync(module),
    ]) {
      damage();
      expect(await inspectKernel(cache, "s", "meta")).toMatchObject({
        state: "damaged",
        file: module,
      });
    }
    writeFileSync(kernel.image, "kernel?");
    expect(await inspectKernel(cache, "s", "meta")).toMatchObject({ file: kernel.image });
  });

  test("behavior: a record without digests of modules runs, and is no whole set-up", async () => {
    const record = join(kernelsFolder(cache, "s"), "meta.json");
    const { moduleSha256: _, ...old } = JSON.parse(readFileSync(record, "utf8"));
    writeFileSync(record, JSON.stringify(old));
    expect(await inspectKernel(cache, "s", "meta")).toMatchObject({ state: "ready" });
    expect(await findKernel(cache, "s", "meta", ["a"])).toBeUndefined();
  });
});

test("kernelTrouble: the target by its full name, and the command that helps", () => {
  const machine = machineFor("vtd");
  const hint = "run: iommukit setup qemu/vtd";
  expect(kernelTrouble(machine, { state: "absent" })).toMatchObject({
    code: "kernel-not-set-up",
    summary: "No kernel is set up for qemu/vtd.",
    hint,
  });
  expect(kernelTrouble(machine, { state: "damaged", kernel, file: "/k" })).toMatchObject({
    code: "kernel-damaged",
    summary: "The kernel that was set up for qemu/vtd is damaged.",
    facts: { file: "/k" },
    hint,
  });
});

test("fieldsOf", () => {
  expect([...fieldsOf({ a: 1, b: null })]).toEqual([
    ["a", 1],
    ["b", null],
  ]);
  for (const value of [null, undefined, 1, "", true]) expect(fieldsOf(value).size).toBe(0);
});

test("errnoOf", () => {
  expect(errnoOf(Object.assign(new Error("x"), { code: "ENOENT" }))).toBe("ENOENT");
  for (const cause of [new Error("x"), { code: "ENOENT" }, undefined]) {
    expect(errnoOf(cause)).toBeUndefined();
  }
});
