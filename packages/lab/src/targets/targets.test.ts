import { createHash } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, test, vi } from "vitest";
import { temporaryFolder } from "../../test/programs.ts";
import { parseTargets, TARGETS, targetNamed } from "./list.ts";
import { ownKernel } from "./own-kernel.ts";

test("default: A,B are two targets, in that order, each once", () => {
  expect(parseTargets("sim/amdvi, sim/vtd,sim/amdvi").map(({ name }) => name)).toEqual([
    "sim/amdvi",
    "sim/vtd",
  ]);
  expect(targetNamed("host")).toBe(TARGETS.at(-1));
});

test.each(["vtd", "sim", "SIM/VTD", "sim/vtd/", "qemu/none", "__proto__"])(
  "error: %j is no target",
  (name) => {
    expect(() => parseTargets(`sim/vtd,${name}`)).toThrow(
      expect.objectContaining({
        code: "unknown-target",
        hint: expect.stringContaining("qemu/virtio-iommu"),
      }),
    );
  },
);

test.each(["", ",", "sim/vtd,,host", " "])("error: %j names an empty target", (list) => {
  expect(() => parseTargets(list)).toThrow(expect.objectContaining({ code: "invalid-option" }));
});

describe("ownKernel", () => {
  test("default: both or neither, as whole paths", () => {
    expect(ownKernel(undefined, undefined)).toBeUndefined();
    expect(ownKernel("/k", "/m/../n")).toEqual({ image: "/k", modulesDir: "/n" });
  });

  test.each([
    ["/k", undefined, "--kernel needs --modules"],
    [undefined, "/m", "--modules needs --kernel"],
  ])("error: %s and %s", (image, modules, sentence) => {
    expect(() => ownKernel(image, modules)).toThrow(sentence);
  });
});

test.each(["boot/vmlinuz", "modules/vfio.ko"])(
  "behavior: a QEMU target of which %s is damaged says so, and what to do",
  async (damaged) => {
    const cache = temporaryFolder();
    const kernels = join(cache, "iommukit/kernels/trixie");
    const write = (name: string, text: string): void => {
      mkdirSync(dirname(join(kernels, name)), { recursive: true });
      writeFileSync(join(kernels, name), text);
    };
    const sha256 = createHash("sha256").update("whole").digest("hex");
    const kernel = {
      ...{ image: "boot/vmlinuz", modulesDir: "modules", release: "6", packageName: "linux" },
      ...{ version: "6-1", sha256, imageSha256: sha256, moduleSha256: { "vfio.ko": sha256 } },
    };
    write("linux-image-amd64.json", JSON.stringify(kernel));
    for (const name of ["boot/vmlinuz", "modules/vfio.ko"])
      write(name, name === damaged ? "who" : "whole");
    vi.stubEnv("XDG_CACHE_HOME", cache);
    const readiness = await targetNamed("qemu/amdvi").readiness();
    vi.unstubAllEnvs();
    expect(readiness).toMatchObject({
      ready: false,
      reason: expect.stringMatching(
        /is not installed|^the kernel that was set up for qemu\/amdvi is damaged$/,
      ),
      hint: expect.stringMatching(/install|^run: iommukit setup qemu\/amdvi$/),
    });
  },
);

test("behavior: a QEMU target without a kernel says what to do", async () => {
  vi.stubEnv("XDG_CACHE_HOME", temporaryFolder());
  const readiness = await targetNamed("qemu/vtd").readiness();
  vi.unstubAllEnvs();
  // Without QEMU that is the first thing missing; both have a remedy.
  expect(readiness).toMatchObject({
    ready: false,
    reason: expect.stringMatching(/is not installed|no kernel is set up/),
    hint: expect.stringMatching(/install|iommukit setup qemu\/vtd/),
  });
});
