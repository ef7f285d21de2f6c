// The detectors themselves: each law notices the smallest world that breaks it.

import { IommuError } from "@iommukit/core";
import { describe, expect, test } from "vitest";
import { ModelContainer } from "../model/model.ts";
import type { Outcome } from "../model/outcome.ts";
import { judge } from "./calls.ts";
import { bitsAreOfPages, writesAreTold } from "./dirty.ts";
import { LAW_TABLE } from "./index.ts";
import { demand, LawBroken } from "./law.ts";
import { closedInOrder, runsAlike } from "./life.ts";
import { type KernelCall, mayRunBeside } from "./overlap.ts";
import { parserIsTotal } from "./parsers.ts";

const CALL: Outcome<undefined> = {
  what: "map",
  error: undefined,
  value: undefined,
  threw: false,
  calls: 1,
  fired: undefined,
  firedAnswer: 0,
};
const REFUSED = new IommuError({ code: "already-mapped", operation: "map", sentence: "no" });
const OVERLAP = { code: "already-mapped", law: "I30" } as const;

function broken(action: () => void): string {
  try {
    action();
  } catch (error) {
    if (error instanceof LawBroken) return error.law;
    throw error;
  }
  return "none";
}

describe("calls", () => {
  test.each([
    ["a legal call that works", CALL, { refusals: [], elseLaw: "I2" }, "none"],
    ["a call that must be refused and works", CALL, { refusals: [OVERLAP], elseLaw: "I2" }, "I30"],
    [
      "a refusal without a call",
      { ...CALL, threw: true, error: REFUSED, calls: 0 },
      { refusals: [OVERLAP], elseLaw: "I2" },
      "none",
    ],
    [
      "a refusal after a call",
      { ...CALL, threw: true, error: REFUSED },
      { refusals: [OVERLAP], elseLaw: "I2" },
      "I14",
    ],
    [
      "a refusal with another code",
      { ...CALL, threw: true, error: REFUSED, calls: 0 },
      { refusals: [{ code: "misaligned", law: "I13" }], elseLaw: "I2" },
      "I13",
    ],
    [
      "a refusal without a reason",
      { ...CALL, threw: true, error: REFUSED },
      { refusals: [], elseLaw: "I17" },
      "I17",
    ],
    [
      "an error of another kind",
      { ...CALL, threw: true, error: new TypeError("x") },
      { refusals: [], elseLaw: "I2" },
      "I38",
    ],
    [
      "an odd answer taken for success",
      { ...CALL, fired: "VFIO_IOMMU_MAP_DMA", firedAnswer: 1 },
      { refusals: [], elseLaw: "I2", everyCallDecides: true },
      "I20",
    ],
    [
      "an interrupted call made again",
      { ...CALL, fired: "VFIO_IOMMU_MAP_DMA", firedAnswer: -4 },
      { refusals: [], elseLaw: "I2", everyCallDecides: true },
      "none",
    ],
  ] as const)("behavior: %s", (_, outcome, expectation, law) => {
    expect(broken(() => judge(outcome, expectation))).toBe(law);
  });
});

describe("closing", () => {
  const step = (what: Parameters<typeof closedInOrder>[0][number]["what"], fd: number) => ({
    what,
    fd,
  });
  test("rule I25: the right order passes, each wrong one is noticed", () => {
    const right = [
      step("unmap", 3),
      step("close-device", 6),
      step("unset-container", 5),
      step("close-group", 5),
      step("unset-container", 4),
      step("close-group", 4),
      step("close-container", 3),
    ];
    expect(broken(() => closedInOrder(right))).toBe("none");
    expect(broken(() => closedInOrder([...right.slice(1), step("unmap", 3)]))).toBe("I25");
    expect(
      broken(() => closedInOrder(right.filter(({ what }) => what !== "unset-container"))),
    ).toBe("I25");
    expect(broken(() => closedInOrder(right.toReversed()))).toBe("I25");
  });
  test("rule I40: two numbers that differ", () => {
    expect(broken(() => runsAlike(1, 1))).toBe("none");
    expect(broken(() => runsAlike(1, 2))).toBe("I40");
  });
});

describe("calls at the same time", () => {
  const map = (first: bigint, pages: bigint, fd = 3): KernelCall => ({
    what: "VFIO_IOMMU_MAP_DMA",
    fd,
    range: { first, end: first + pages * 4096n },
  });
  const running = map(0x1_0000n, 4n);
  const members = new Map([
    [5, 3],
    [6, 3],
    [7, 9],
  ]);
  test.each([
    ["a map of the bytes behind", map(0x1_4000n, 1n), "none"],
    ["a map of the last page", map(0x1_3000n, 1n), "I41"],
    ["the same map of another container", map(0x1_0000n, 4n, 9), "none"],
    ["an unmap that contains it", { ...map(0n, 64n), what: "VFIO_IOMMU_UNMAP_DMA" }, "I41"],
    ["a call that only looks", { what: "VFIO_IOMMU_GET_INFO", fd: 3 }, "none"],
    ["another IOMMU type", { what: "VFIO_SET_IOMMU", fd: 3 }, "I41"],
    ["the container is closed", { what: "close", fd: 3 }, "I41"],
    ["a member is closed", { what: "close", fd: 5 }, "I41"],
    ["another container's member is closed", { what: "close", fd: 7 }, "none"],
    ["one of two groups leaves", { what: "VFIO_GROUP_UNSET_CONTAINER", fd: 5 }, "none"],
  ] as const)("rule I41: %s", (_, call, law) => {
    expect(broken(() => mayRunBeside(running, call, members))).toBe(law);
  });
  test("rule I41: the last group leaves", () => {
    const leaves = { what: "VFIO_GROUP_UNSET_CONTAINER", fd: 5 };
    expect(broken(() => mayRunBeside(running, leaves, new Map([[5, 3]])))).toBe("I41");
  });
});

describe("dirty tracking", () => {
  const model = new ModelContainer([], 10, [2], "nothing");
  model.add({ first: 8, pages: 3, hostPage: 100, access: "read-write" });
  model.tracking = true;
  model.write(9);
  const bitmap = (first: number, bits: readonly number[]): Parameters<typeof bitsAreOfPages>[1] => {
    const said = { iova: BigInt(first) * 4096n, size: 3n * 4096n, pageSize: 4096 };
    // cast: brands are made by checked constructors, which are not what is tested here
    return {
      ...said,
      bits: Uint8Array.from({ length: 8 }, (_, at) => bits[at] ?? 0),
      unknown: [],
    } as never;
  };
  test("rule I31: a written page in no bitmap", () => {
    const range = { first: 8, pages: 3 };
    expect(broken(() => writesAreTold(model, [bitmap(8, [2])], [], range))).toBe("none");
    expect(broken(() => writesAreTold(model, [bitmap(8, [5])], [], range))).toBe("I31");
    expect(broken(() => writesAreTold(model, [], [bitmap(8, [])], range))).toBe("none");
  });
  test("rule I33: a bit beyond the mapping", () => {
    expect(broken(() => bitsAreOfPages(model, bitmap(8, [7])))).toBe("none");
    expect(broken(() => bitsAreOfPages(model, bitmap(8, [15])))).toBe("I33");
    expect(broken(() => bitsAreOfPages(model, bitmap(9, [4])))).toBe("I33");
  });
});

test("rule I35: a parser may throw the library's errors and no others", () => {
  expect(broken(() => parserIsTotal("x", () => undefined))).toBe("none");
  expect(
    broken(() =>
      parserIsTotal("x", () => {
        throw REFUSED;
      }),
    ),
  ).toBe("none");
  expect(broken(() => parserIsTotal("x", () => [].at(0)?.["at"]))).toBe("none");
  expect(
    broken(() =>
      parserIsTotal("x", () => {
        throw new RangeError("y");
      }),
    ),
  ).toBe("I35");
});

test("behavior: every law has a sentence and somebody who asks", () => {
  for (const [statement, where] of Object.values(LAW_TABLE)) {
    expect(statement).not.toBe("");
    expect(where).not.toBe("");
  }
  expect(broken(() => demand("I1", false, () => "x"))).toBe("I1");
});
