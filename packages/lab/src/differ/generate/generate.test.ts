import { expect, test } from "vitest";
import { GUEST_LPAR } from "../../../test/environments.ts";
import { isSpapr } from "../environment.ts";
import { danger } from "../safety.ts";
import { OWN_ENVIRONMENTS } from "../simulate.ts";
import { generateSequence } from "./index.ts";

const ENVIRONMENTS = [
  ...Object.entries(OWN_ENVIRONMENTS),
  ["pseries, 64 MiB", GUEST_LPAR] as const,
];
const MANY = Array.from({ length: 1500 }, (_, index) => index);

test("default: a sequence is decided by seed, number and environment", () => {
  const { vtd, amdvi } = OWN_ENVIRONMENTS;
  expect(generateSequence(7, 3, vtd)).toEqual(generateSequence(7, 3, vtd));
  const others = [generateSequence(8, 3, vtd), generateSequence(7, 4, vtd)];
  for (const other of others) expect(other).not.toEqual(generateSequence(7, 3, vtd));
  const differs = MANY.some(
    (index) =>
      JSON.stringify(generateSequence(1, index, vtd)) !==
      JSON.stringify(generateSequence(1, index, amdvi)),
  );
  expect(differs).toBe(true);
});

test("behavior: 40 calls on average", () => {
  const lengths = MANY.map((index) => generateSequence(1, index, OWN_ENVIRONMENTS.vtd).length);
  const mean = lengths.reduce((sum, length) => sum + length, 0) / lengths.length;
  expect(mean).toBeGreaterThan(38);
  expect(mean).toBeLessThan(42);
});

test("behavior: every kind of call is generated, and every slot used", () => {
  const ops = MANY.flatMap((index) => generateSequence(1, index, OWN_ENVIRONMENTS.vtd));
  const kinds = new Set(ops.map(({ op }) => op));
  expect(kinds).toEqual(
    new Set([
      ...["attach", "close", "device", "device-info", "dirty", "dma", "eventfd", "iommu-info"],
      ...["irq-info", "limit", "map", "open", "read", "region-info", "set-irqs", "status"],
      ...["unmap", "word", "write"],
    ]),
  );
  const slots = new Set(ops.flatMap((op) => ("fd" in op ? [op.fd] : [])));
  for (const slot of ["c0", "c1", "g0", "g1", "d0", "d1", "none", "far"])
    expect(slots).toContain(slot);
});

test.each(ENVIRONMENTS)("rule: nothing that is generated for %s is dangerous", (_, environment) => {
  const ops = MANY.flatMap((index) => generateSequence(2, index, environment));
  expect(ops.filter((op) => danger(op, environment) !== undefined)).toEqual([]);
});

const POWER = ENVIRONMENTS.flatMap(([kind, environment]) =>
  isSpapr(environment) ? [[kind, environment] as const] : [],
);

test("the POWER machines are four", () => {
  expect(POWER.map(([kind]) => kind)).toEqual([
    ...["powernv9", "powernv9-64k", "pseries", "pseries, 64 MiB"],
  ]);
});

test.each(POWER)("behavior: mappings meet both ends of %s's default window", (_, environment) => {
  const [start, size] = environment.defaultWindow;
  const end = BigInt(start) + BigInt(size);
  const ops = MANY.slice(0, 600).flatMap((index) => generateSequence(1, index, environment));
  const mapped = ops.flatMap((op) => (op.op === "map" ? [op] : []));
  const last = mapped.filter(({ iova, size: bytes }) => BigInt(iova) + BigInt(bytes) === end);
  const behind = mapped.filter(({ iova }) => BigInt(iova) === end);
  const first = mapped.filter(({ iova }) => BigInt(iova) === BigInt(start));
  for (const found of [first, last, behind]) expect(found).not.toEqual([]);
});

test("behavior: on pseries windows of 4 KiB pages are made up to the default one's size", () => {
  const ops = MANY.slice(0, 300).flatMap((index) => generateSequence(1, index, GUEST_LPAR));
  const sizes = ops.flatMap((op) =>
    op.op === "create" && op.pageShift === 12 ? [BigInt(op.windowSize)] : [],
  );
  const whole = BigInt(GUEST_LPAR.defaultWindow[1]);
  for (const size of [whole / 2n, whole]) expect(sizes).toContain(size);
});

test.each(POWER)("behavior: every kind of call of %s is generated", (_, environment) => {
  const ops = MANY.flatMap((index) => generateSequence(1, index, environment));
  expect(new Set(ops.map(({ op }) => op))).toEqual(
    new Set([
      ...["attach", "close", "create", "device", "device-info", "dma", "eeh", "eventfd"],
      ...["iommu-info", "irq-info", "map", "open", "read", "region-info", "register", "remove"],
      ...["set-irqs", "status", "unmap", "unregister", "word", "write"],
    ]),
  );
});

test.each(POWER)(
  "behavior: windows of %s have every page size, and every level",
  (_, environment) => {
    const made = MANY.flatMap((index) => generateSequence(1, index, environment)).filter(
      (op) => op.op === "create",
    );
    const sizes = BigInt(environment.pageSizes);
    for (const { pageShift } of made) expect(pageShift).toBeLessThan(64);
    for (let shift = 0; shift < 64; shift++)
      if ((sizes >> BigInt(shift)) % 2n === 1n)
        expect(made.map(({ pageShift }) => pageShift)).toContain(shift);
    const levels = new Set(made.map((op) => op.levels));
    for (let level = 0; level <= environment.levels + 1; level++) expect(levels).toContain(level);
  },
);

test("behavior: resets of a PE are rare, for each takes seconds", () => {
  const { powernv9 } = OWN_ENVIRONMENTS;
  const resets = MANY.flatMap((index) => generateSequence(1, index, powernv9)).filter(
    (op) => op.op === "eeh" && (op.operation === 6 || op.operation === 7),
  );
  expect(resets.length).toBeGreaterThan(0);
  expect(resets.length / MANY.length).toBeLessThan(0.03);
});

test("behavior: DMA is sampled", () => {
  const withDma = MANY.filter((index) =>
    generateSequence(1, index, OWN_ENVIRONMENTS.vtd).some(({ op }) => op === "dma"),
  );
  expect(withDma.length / MANY.length).toBeGreaterThan(0.02);
  expect(withDma.length / MANY.length).toBeLessThan(0.08);
});
