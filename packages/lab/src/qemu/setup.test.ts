import { expect, test, vi } from "vitest";
import { MACHINES } from "./machines.ts";
import { setupTarget } from "./setup.ts";

const requests: unknown[] = [];
vi.mock("./debian.ts", () => ({
  setupKernel: (request: unknown) => Promise.resolve(requests.push(request)),
}));
vi.mock("./tools.ts", async (original) => ({
  ...(await original<object>()),
  requireTool: () => "/bin/true",
}));

test("default: what any machine of the kernel loads is checked, whichever was named", async () => {
  const modules = MACHINES.flatMap((machine) => machine.modules.map(({ name }) => name));
  expect(modules).toEqual(expect.arrayContaining(["vfio_iommu_type1", "virtio_iommu"]));
  for (const target of ["qemu/vtd", "amdvi"]) await setupTarget(target, { refresh: true });
  const request = { metaPackage: "linux-image-amd64", architecture: "amd64", refresh: true };
  expect(requests).toEqual([
    { ...request, modules },
    { ...request, modules },
  ]);
});

test("error: target-unknown", async () => {
  await expect(setupTarget("qemu/none")).rejects.toMatchObject({ code: "target-unknown" });
});
