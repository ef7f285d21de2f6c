// Programs without types: every wrong value is a coded refusal, and no table changes for it.

import { createIommu, type IommuError, isIommuError } from "@iommukit/core";
import { applyPlan, fslPamu, PAMU, planWindows } from "@iommukit/fsl-pamu";
import { pamu, simulatedHost } from "@iommukit/testkit";
import { expect, test } from "vitest";

function thrown(action: () => unknown): IommuError {
  try {
    action();
  } catch (error) {
    if (isIommuError(error)) return error;
    throw error;
  }
  throw new Error("expected an error");
}

test.each([
  ["nothing", undefined],
  ["no RAM", { contiguity: 4096n, msiBanks: 1 }],
  ["a region without numbers", { ram: [{}], contiguity: 4096n, msiBanks: 1 }],
  ["numbers", { ram: [{ start: 0, size: 4096 }], contiguity: 4096n, msiBanks: 1 }],
  ["a negative size", { ram: [{ start: 0n, size: -4096n }], contiguity: 4096n, msiBanks: 1 }],
  ["a negative start", { ram: [{ start: -4096n, size: 8192n }], contiguity: 4096n, msiBanks: 1 }],
  ["contiguity as a number", { ram: [{ start: 0n, size: 4096n }], contiguity: 4096, msiBanks: 1 }],
])("the planner refuses %s", (_, request) => {
  expect(Reflect.apply(planWindows, undefined, [request])).toMatchObject({
    kind: "refused",
    code: "EINVAL",
  });
});

test.each([
  ["null", null],
  ["nothing in it", {}],
  ["numbers", { start: 0, size: 1 << 20, windowSize: 4096 }],
  ["a negative start", { start: -(1n << 20n), size: 1n << 20n, windowSize: 4096n }],
])("fslPamu refuses an aperture: %s", (_, aperture) => {
  const make = (): unknown => Reflect.apply(fslPamu, undefined, [{ type: 7, aperture }]);
  expect(thrown(make).code).toBe("invalid-argument");
});

test("what is no plan, or names no bank, is refused before the aperture is touched", () => {
  const sim = simulatedHost(pamu());
  const groups = sim.devices.slice(0, 1).map(({ group }) => group);
  const backends = [fslPamu({ type: 7 })];
  using container = createIommu(sim.port).openContainer({ groups, backends });
  const before = container.windows.list();
  const request = { ram: [{ start: 0n, size: 65_536n }], contiguity: 4096n, msiBanks: 1 };
  const plan = Reflect.apply(planWindows, undefined, [request]);
  const withBank = (bank: unknown): object => ({ ...plan, msi: [{ ...plan.msi[0], bank }] });
  const refusal = Reflect.apply(planWindows, undefined, [undefined]);
  const banks = [Number.NaN, -1, 99, undefined].map(withBank);
  const parts = [
    { kind: "plan" },
    { ...plan, ram: undefined },
    { ...plan, ram: [null] },
    { ...plan, msi: undefined },
    { ...plan, msi: [null] },
    { ...plan, start: 0 },
    { ...plan, windowSize: 65_536 },
    { ...plan, windows: undefined },
    { ...plan, last: undefined },
    { ...plan, last: plan.last + 1n },
    { ...plan, last: -1n },
  ];
  for (const wrong of [undefined, {}, refusal, ...banks, ...parts])
    expect(thrown(() => Reflect.apply(applyPlan, undefined, [container, wrong])).code).toBe(
      "invalid-argument",
    );
  expect(container.windows.list()).toEqual(before);
  expect(container.extension(PAMU).msiWindows()).toEqual([]);
});
