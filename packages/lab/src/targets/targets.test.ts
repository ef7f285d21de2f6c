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
