import { describe, expect, test } from "vitest";
import { GUEST_LPAR } from "../../test/environments.ts";
import { isSpapr, type SpaprEnvironment } from "./environment.ts";
import type { CreateOp, Op } from "./op.ts";
import { spaprDanger, spaprMended } from "./safety-spapr.ts";
import { OWN_ENVIRONMENTS, simulate, simulatorOf } from "./simulate.ts";

const HIGH = 2n ** 59n;

function environmentOf(kind: "powernv9" | "powernv9-64k" | "pseries"): SpaprEnvironment {
  const environment = OWN_ENVIRONMENTS[kind];
  if (!isSpapr(environment)) throw new Error("no POWER machine");
  return environment;
}
const POWERNV = environmentOf("powernv9");
const POWERNV_64K = environmentOf("powernv9-64k");
const PSERIES = environmentOf("pseries");
const PSERIES_4K: SpaprEnvironment = { ...PSERIES, defaultWindow: ["0x0", "0x1000"] };

function map(iova: bigint, size: bigint): Op {
  const where = { iova: `0x${iova.toString(16)}`, size: `0x${size.toString(16)}` };
  return { op: "map", fd: "c0", argsz: 32, flags: 3, vaddr: "arena+0x0", ...where };
}

function create(pageShift: number, windowSize: bigint, levels: number): CreateOp {
  const size = `0x${windowSize.toString(16)}`;
  return { op: "create", fd: "c0", argsz: 40, flags: 0, pageShift, windowSize: size, levels };
}

function dma(from: bigint, length = 8): Op {
  return { op: "dma", fd: "d0", from: `0x${from.toString(16)}`, to: "0x0", length };
}

describe("dangerous", () => {
  test.each<[string, Op, SpaprEnvironment]>([
    ["a range over the end of the default window", map(2n ** 31n - 4096n, 0x2000n), POWERNV],
    ["a range over the end of the smallest window", map(0n, 2n ** 21n + 4096n), POWERNV],
    ["the same on 64 KiB pages", map(0x1ff_0000n, 0x2_0000n), POWERNV_64K],
    ["a range over a high window's end", map(HIGH + 2n ** 30n - 4096n, 0x2000n), POWERNV],
    ["a range from the low window to the high one", map(HIGH - 4096n, 0x2000n), POWERNV],
    ["a range that wraps", map(2n ** 64n - 4096n, 0x2000n), POWERNV],
    ["one byte too many", map(2n ** 31n - 4096n, 0x1001n), POWERNV],
    ["pages of 2^64 bytes", create(64, 2n ** 30n, 1), POWERNV],
    ["less than an eighth of a page, several levels", create(30, 2n ** 26n, 2), POWERNV],
    ["a quarter of a page, two levels", create(30, 2n ** 28n, 2), POWERNV],
    ["a large piece of a table", create(12, 2n ** 32n, 1), POWERNV],
    ["a window that is no exact number", create(12, 2n ** 60n, 5), POWERNV],
    ["a window without an entry, on pseries", create(24, 2n ** 23n, 1), PSERIES],
    ["a window of a page, on pseries", create(12, 4096n, 1), PSERIES],
    ["many entries, on pseries", create(12, 2n ** 30n, 1), PSERIES],
    ["a range over the end of a window of 64 MiB", map(2n ** 26n - 4096n, 0x2000n), GUEST_LPAR],
    ["a range over the end of a window of a page", map(0n, 0x2000n), PSERIES_4K],
    ["a transfer into the 32-bit messages", dma(0xffff_8000n, 0x800), POWERNV],
    ["a transfer that ends in them", dma(0xffff_0000n - 4n), POWERNV],
    ["a transfer into the 64-bit messages", dma(2n ** 60n), POWERNV],
    ["a transfer into pseries' messages", dma(2n ** 42n), PSERIES],
    ["a transfer that is too long", dma(0n, 4096), POWERNV],
  ])("%s", (_, op, environment) => {
    expect(spaprDanger(op, environment)).toEqual(expect.any(String));
    expect(spaprDanger(spaprMended(op, environment), environment)).toBeUndefined();
  });
});

describe("harmless", () => {
  test.each<[string, Op, SpaprEnvironment]>([
    ["the last page of the default window", map(2n ** 31n - 4096n, 4096n), POWERNV],
    ["the first beyond it", map(2n ** 31n, 4096n), POWERNV],
    ["the last page of all", map(2n ** 64n - 4096n, 4096n), POWERNV],
    ["the last page of a window of 64 MiB", map(2n ** 26n - 4096n, 4096n), GUEST_LPAR],
    ["the last pages of it", map(2n ** 26n - 0x8000n, 0x8000n), GUEST_LPAR],
    ["the first beyond it", map(2n ** 26n, 4096n), GUEST_LPAR],
    ["all of the smallest window", map(0n, 2n ** 21n), POWERNV],
    ["no window at all", create(12, 0n, 9), POWERNV],
    ["a table that the kernel refuses", create(12, 2n ** 40n, 1), POWERNV],
    ["many levels", create(12, 2n ** 50n, 5), POWERNV],
    ["an eighth of a page with one level", create(30, 2n ** 27n, 1), POWERNV],
    ["half a page with two levels", create(30, 2n ** 29n, 2), POWERNV],
    ["a quarter of a page with three levels", create(30, 2n ** 28n, 3), POWERNV],
    ["a small window on pseries", create(16, 2n ** 21n, 1), PSERIES],
    ["a transfer where no window is", dma(HIGH + 2n ** 40n), POWERNV],
    ["a close", { op: "close", fd: "c0" }, POWERNV],
  ])("%s", (_, op, environment) => {
    expect(spaprDanger(op, environment)).toBeUndefined();
    expect(spaprMended(op, environment)).toBe(op);
  });
});

describe("the simulated kernel, where C is undefined, ends the run", () => {
  const SET_UP: readonly Op[] = [
    { op: "open", into: "c0", node: "container" },
    { op: "open", into: "g0", node: "group0" },
    { op: "attach", fd: "g0", container: "c0" },
    { op: "word", fd: "c0", call: "SET_IOMMU", value: 7 },
    { op: "remove", fd: "c0", argsz: 16, flags: 0, start: "0x0" },
  ];

  test.each(["powernv9", "powernv9-64k"] as const)(
    "no window that is let through on %s",
    (kind) => {
      const environment = environmentOf(kind);
      for (let pageShift = 12; pageShift < 63; pageShift++) {
        const sizes = [5, 4, 3, 2, 1, 0, -1].map((less) => Math.max(0, pageShift - less));
        const shapes = sizes.flatMap((bits) =>
          [1, 2, 3, 4, 5].map((levels) => create(pageShift, 2n ** BigInt(bits), levels)),
        );
        const tries = shapes
          .filter((op) => spaprDanger(op, environment) === undefined)
          .flatMap((op): readonly Op[] => [
            op,
            { op: "remove", fd: "c0", argsz: 16, flags: 0, start: "0x0" },
          ]);
        const results = simulate(simulatorOf(kind), [...SET_UP, ...tries], environment);
        expect(results).toHaveLength(SET_UP.length + tries.length + 1); // what is locked in the end;
      }
    },
  );
});
