// Programs without types, and hand-written machines: every wrong value is a coded refusal, and no call is made.

import { bytes, createIommu, GiB, type IommuError, isIommuError, MiB } from "@iommukit/core";
import { ioctlNumber } from "@iommukit/core/abi";
import {
  applyPlan,
  type PlanRequest,
  planWindows,
  shapeWindow,
  spaprTce,
  type WindowOffer,
  type WindowPlan,
} from "@iommukit/spapr-tce";
import { fails, faultyPort, powernv, simulatedHost } from "@iommukit/testkit";
import { describe, expect, test } from "vitest";
import { VFIO_IOMMU_SPAPR_TCE_CREATE, VFIO_IOMMU_SPAPR_TCE_REMOVE } from "../src/uapi/window.ts";
import { OFFERS } from "./planner/requests.ts";

const G = BigInt(GiB);
const POWERNV: WindowOffer = OFFERS["powernv9"] ?? fail();
const RANGE = { address: 0n, size: G, backing: 4096 };
const REQUEST: PlanRequest = { offer: POWERNV, ranges: [RANGE] };
/** Small memory in large pages: it removes the default window. */
const PLAN: WindowPlan =
  planWindows({ offer: POWERNV, ranges: [{ ...RANGE, backing: 2 * MiB }] }).plan ?? fail();

function fail(): never {
  throw new Error("the test's beginning cannot be made");
}

function thrown(action: () => unknown): IommuError {
  try {
    action();
  } catch (error) {
    if (isIommuError(error)) return error;
    throw error;
  }
  throw new Error("expected an error");
}

const WRONG_OFFERS: readonly (readonly [string, unknown])[] = [
  ["undefined", undefined],
  ["null", null],
  ["no members", {}],
  ["unknown tables", { ...POWERNV, tables: "round" }],
  ["kernel pages of 16 KiB", { ...POWERNV, kernelPageSize: 16_384 }],
  ["kernel pages as text", { ...POWERNV, kernelPageSize: "4096" }],
  ["page sizes as a number", { ...POWERNV, pageSizes: 0x1000 }],
  ["no page sizes", { ...POWERNV, pageSizes: 0n }],
  ["page sizes of more than 64 bits", { ...POWERNV, pageSizes: 1n << 64n }],
  ["no window", { ...POWERNV, windows: 0 }],
  ["half a window more", { ...POWERNV, windows: 1.5 }],
  ["windows that are no number", { ...POWERNV, windows: Number.NaN }],
  ["ten million levels", { ...POWERNV, levels: 1e7 }],
  ["endless levels", { ...POWERNV, levels: Number.POSITIVE_INFINITY }],
  ["levels as text", { ...POWERNV, levels: "5" }],
  ["no default window", { ...POWERNV, defaultWindow: undefined }],
  ["a default window of numbers", { ...POWERNV, defaultWindow: { start: 0, size: 2 ** 31 } }],
  ["one of no power of two", { ...POWERNV, defaultWindow: { start: 0n, size: 3n * G } }],
  ["one that is not aligned", { ...POWERNV, defaultWindow: { start: 4096n, size: G } }],
  ["one above 4 GiB", { ...POWERNV, defaultWindow: { start: 4n * G, size: G } }],
];

const WRONG_REQUESTS: readonly (readonly [string, unknown])[] = [
  ["undefined", undefined],
  ["null", null],
  ["a number", 5],
  ["a list", [REQUEST]],
  ["a misspelt option", { ...REQUEST, placment: "identity" }],
  ["an unknown placement", { ...REQUEST, placement: "foo" }],
  ["no placement by null", { ...REQUEST, placement: null }],
  ["a limit as a number", { ...REQUEST, lockable: 2 ** 30 }],
  ["a limit that is no number", { ...REQUEST, lockable: Number.NaN }],
  ["a limit as text", { ...REQUEST, lockable: "1G" }],
  ["ranges that are none", { ...REQUEST, ranges: undefined }],
  ["ranges as an object", { ...REQUEST, ranges: { 0: RANGE } }],
  ["a range that is none", { ...REQUEST, ranges: [null] }],
  ["an address as a number", { ...REQUEST, ranges: [{ ...RANGE, address: 0 }] }],
  ["a size that is no number", { ...REQUEST, ranges: [{ ...RANGE, size: Number.NaN }] }],
  ["a size as text", { ...REQUEST, ranges: [{ ...RANGE, size: "1G" }] }],
  ["backing as a bigint", { ...REQUEST, ranges: [{ ...RANGE, backing: 4096n }] }],
  ["backing that is no number", { ...REQUEST, ranges: [{ ...RANGE, backing: Number.NaN }] }],
  ["negative backing", { ...REQUEST, ranges: [{ ...RANGE, backing: -4096 }] }],
  ["backing as an object", { ...REQUEST, ranges: [{ ...RANGE, backing: Object.create(null) }] }],
];

describe("error: planWindows", () => {
  test.each(WRONG_REQUESTS)("refuses a request: %s", (_, request) => {
    const error = thrown(() => Reflect.apply(planWindows, undefined, [request]));
    expect(error).toMatchObject({ code: "invalid-argument", operation: "planWindows" });
  });

  test.each(WRONG_OFFERS)("refuses an offer: %s, at once", (_, offer) => {
    const begun = performance.now();
    const request = { ...REQUEST, offer };
    const error = thrown(() => Reflect.apply(planWindows, undefined, [request]));
    expect(error.code).toBe("invalid-argument");
    // It computed for 21 s once; a refusal takes less than a millisecond, on a busy machine a little more.
    expect(performance.now() - begun).toBeLessThan(5000);
  });
});

describe("error: shapeWindow", () => {
  const wanted = { pageSize: 4096, size: G };

  test.each(WRONG_OFFERS)("refuses an offer: %s", (_, offer) => {
    const { refusal } = Reflect.apply(shapeWindow, undefined, [offer, wanted]);
    expect(refusal).toMatchObject({
      code: "invalid-argument",
      sentence: expect.stringContaining("its offer has"),
    });
  });

  test.each([
    ["undefined", undefined],
    ["null", null],
    ["no members", {}],
    ["a page that is no number", { ...wanted, pageSize: Number.NaN }],
    ["a negative page", { ...wanted, pageSize: -4096 }],
    ["a page as a bigint", { ...wanted, pageSize: 4096n }],
    ["a page as text", { ...wanted, pageSize: "4K" }],
    ["a size as a number", { ...wanted, size: 2 ** 30 }],
    ["a negative size", { ...wanted, size: -4096n }],
    ["a size of more than 64 bits", { ...wanted, size: 1n << 64n }],
    ["no size", { ...wanted, size: 0n }],
    ["levels that are no number", { ...wanted, levels: Number.NaN }],
    ["levels as text", { ...wanted, levels: "2" }],
    ["no levels by null", { ...wanted, levels: null }],
  ])("refuses a window: %s", (_, window) => {
    const { refusal } = Reflect.apply(shapeWindow, undefined, [POWERNV, window]);
    expect(refusal?.code).toBe("invalid-argument");
  });
});

test.each([
  ["null", null],
  ["a number", 2],
  ["text", "v2"],
  ["a list", [2]],
  ["a misspelt option", { versoin: 2 }],
  ["another option beside", { version: 2, type: 7 }],
])("error: spaprTce refuses %s", (_, options) => {
  const error = thrown(() => Reflect.apply(spaprTce, undefined, [options]));
  expect(error).toMatchObject({ code: "invalid-argument", operation: "spaprTce" });
});

/** A container whose window calls fail, and tell that they were made. */
function watched() {
  const sim = simulatedHost(powernv());
  const { abi } = sim.port;
  const calls = [VFIO_IOMMU_SPAPR_TCE_CREATE, VFIO_IOMMU_SPAPR_TCE_REMOVE];
  const { port, fired } = faultyPort(sim.port, {
    faults: calls.map((call) => ({ when: { request: ioctlNumber(abi, call) }, what: fails(5) })),
  });
  const container = createIommu(port).openContainer({ groups: [2], backends: [spaprTce()] });
  return { container, fired };
}

test.each<[string, unknown]>([
  ["undefined", undefined],
  ["the answer, and not its plan", { plan: PLAN }],
  ["a refusal", planWindows({ ...REQUEST, lockable: 0n })],
  ["a plan without windows", { ...PLAN, windows: [] }],
  ["windows that are none", { ...PLAN, windows: [null] }],
  ["no offer", { ...PLAN, offer: undefined }],
  [
    "more windows than are offered",
    { ...PLAN, windows: [...PLAN.windows, ...PLAN.windows, ...PLAN.windows] },
  ],
  [
    "a window from elsewhere",
    { ...PLAN, windows: PLAN.windows.map((each) => ({ ...each, from: "x" })) },
  ],
  [
    "a window that begins elsewhere",
    { ...PLAN, windows: PLAN.windows.map((each) => ({ ...each, start: 4096n })) },
  ],
  [
    "a window of numbers",
    { ...PLAN, windows: PLAN.windows.map((each) => ({ ...each, size: 4096 })) },
  ],
  [
    "a default window that is another",
    { ...PLAN, windows: PLAN.windows.map((each) => ({ ...each, from: "default" })) },
  ],
  ["one that is kept and not there", { ...PLAN, defaultWindow: "kept" }],
  ["one that is neither kept nor removed", { ...PLAN, defaultWindow: true }],
])("error: applyPlan refuses %s, without a call", (_, plan) => {
  const { container, fired } = watched();
  using _container = container;
  const before = container.windows.list();
  const error = thrown(() => Reflect.apply(applyPlan, undefined, [container.windows, plan]));
  expect(error).toMatchObject({ code: "invalid-argument", operation: "applyPlan" });
  expect(container.windows.list()).toBe(before);
  expect(fired).toEqual([]);
});

test("error: applyPlan refuses what has no windows, such as the container", () => {
  const { container } = watched();
  using _container = container;
  for (const wrong of [undefined, null, container])
    expect(thrown(() => Reflect.apply(applyPlan, undefined, [wrong, PLAN])).code).toBe(
      "invalid-argument",
    );
});

test("a window's size may come from bytes()", () => {
  expect(shapeWindow(POWERNV, { pageSize: 4096, size: bytes(GiB) }).window?.levels).toBe(1);
});
