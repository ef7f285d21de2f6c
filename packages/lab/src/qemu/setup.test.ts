import { beforeEach, expect, test, vi } from "vitest";
import { installedKoffi } from "./koffi.ts";
import { MACHINES } from "./machines.ts";
import { setupTarget } from "./setup.ts";

const requests: unknown[] = [];
const roots: unknown[] = [];
vi.mock("./debian.ts", () => ({
  setupKernel: (request: unknown) => Promise.resolve({ changed: requests.push(request) < 0 }),
}));
vi.mock("./root-setup.ts", () => ({
  setupGuestRoot: (request: unknown) => Promise.resolve({ changed: roots.push(request) > 0 }),
}));
vi.mock("./tools.ts", async (original) => ({
  ...(await original<object>()),
  requireTool: () => "/bin/true",
}));

beforeEach(() => {
  requests.length = 0;
  roots.length = 0;
});

test("default: what any machine of the kernel loads is checked, whichever was named", async () => {
  const modules = MACHINES.filter(({ arch }) => arch === "x64").flatMap((machine) =>
    machine.modules.map(({ name }) => name),
  );
  expect(modules).toEqual(expect.arrayContaining(["vfio_iommu_type1", "virtio_iommu"]));
  for (const target of ["qemu/vtd", "amdvi"]) await setupTarget(target, { refresh: true });
  const request = { metaPackage: "linux-image-amd64", architecture: "amd64", refresh: true };
  expect(requests).toEqual([
    { ...request, modules },
    { ...request, modules },
  ]);
});

test("default: a guest of another processor gets its own programs, for this koffi", async () => {
  const { changed } = await setupTarget("qemu/pseries", { refresh: true });
  expect(requests).toMatchObject([
    { metaPackage: "linux-image-powerpc64le", architecture: "ppc64el", refresh: true },
  ]);
  const { version } = installedKoffi();
  expect(version).toMatch(/^\d+\.\d+\.\d+$/);
  expect(roots).toEqual([
    { architecture: "ppc64el", arch: "ppc64", koffi: version, refresh: true },
  ]);
  expect(changed).toBe(true);
});

test("error: target-unknown", async () => {
  await expect(setupTarget("qemu/none")).rejects.toMatchObject({ code: "target-unknown" });
});
