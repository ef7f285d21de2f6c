// The IOTLB against a plain list of pages: it may forget, but never invent or keep what was dropped.

import fc from "fast-check";
import { expect, test } from "vitest";
import { CAN_READ, CAN_WRITE, DENIED, Iotlb, MISS } from "./iotlb.ts";

interface Page {
  readonly domain: number;
  readonly first: number;
  readonly order: number;
  readonly physical: number;
  readonly permissions: number;
}

const order = fc.constantFrom(0, 0, 0, 1, 3, 9, 18, 27, 31, 32, 33, 39, 52);
const frame = fc.oneof(
  fc.integer({ min: 0, max: 40 }),
  fc
    .double({ min: 0, max: 1, maxExcluded: true, noNaN: true })
    .map((part) => Math.floor(part * 2 ** 52)),
);
const domain = fc.constantFrom(0, 1, 2, 0xffff);
const step = fc.oneof(
  fc.record({
    kind: fc.constant("fill" as const),
    domain,
    frame,
    order,
    physical: fc.integer({ min: 0, max: 2 ** 34 }),
    permissions: fc.constantFrom(0, 1, 2, 3),
    path: fc.constantFrom("any" as const, "small" as const),
  }),
  fc.record({
    kind: fc.constant("range" as const),
    domain,
    frame,
    order: fc.constantFrom(0, 1, 4, 9, 30),
  }),
  fc.record({ kind: fc.constant("domain" as const), domain }),
  fc.record({ kind: fc.constant("all" as const) }),
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

const startOf = (at: number, size: number): number => at - (at % size);

/** What a TLB without limits would hold after a step. */
function apply(pages: readonly Page[], action: Step): readonly Page[] {
  if (action.kind === "all") return [];
  if (action.kind === "domain") return pages.filter((page) => page.domain !== action.domain);
  const size = 2 ** action.order;
  const first = startOf(action.frame, size);
  if (action.kind === "fill")
    return [{ ...action, first }, ...pages.filter(isOther(action, first))];
  return pages.filter(
    (page) =>
      page.domain !== action.domain ||
      page.first >= first + size ||
      first >= page.first + 2 ** page.order,
  );
}

/** A page filled again replaces itself; pages of another size over it may stay. */
const isOther =
  (filled: { domain: number; order: number }, first: number) =>
  (page: Page): boolean =>
    page.domain !== filled.domain || page.order !== filled.order || page.first !== first;

function run(iotlb: Iotlb, action: Step): void {
  if (action.kind === "all") iotlb.invalidateAll();
  else if (action.kind === "domain") iotlb.invalidateDomain(action.domain);
  else if (action.kind === "range")
    iotlb.invalidateRange(
      action.domain,
      startOf(action.frame, 2 ** action.order),
      2 ** action.order,
    );
  else fill(iotlb, action);
}

/** By the short way where it is allowed, for one half of them. */
function fill(iotlb: Iotlb, action: Extract<Step, { kind: "fill" }>): void {
  const { domain: of, frame: at, order: size, physical, permissions } = action;
  const isSmall = size === 0 && at < 2 ** 31 && physical < 2 ** 31;
  if (action.path === "small" && isSmall) iotlb.fillSmall(of, at, physical, permissions);
  else iotlb.fill(of, at, size, physical, permissions);
}

test("every answer is that of a page which was filled and not invalidated since", () => {
  fc.assert(
    fc.property(
      fc.constantFrom(1, 8, 256),
      fc.array(step, { maxLength: 40 }),
      fc.array(frame, { maxLength: 10 }),
      (entries, steps, probes) => {
        const iotlb = new Iotlb(entries);
        let pages: readonly Page[] = [];
        for (const action of steps) {
          run(iotlb, action);
          pages = apply(pages, action);
          const edges = pages
            .slice(0, 4)
            .flatMap(({ first, order: size }) => [
              first - 1,
              first,
              first + 2 ** size - 1,
              first + 2 ** size,
            ]);
          for (const at of [...probes, ...edges].filter((each) => each >= 0 && each < 2 ** 52))
            check(iotlb, pages, at);
        }
        expect(iotlb.size).toBeLessThanOrEqual(entries);
      },
    ),
    { numRuns: 300 },
  );
});

function check(iotlb: Iotlb, pages: readonly Page[], at: number): void {
  for (const asked of [0, 1, 2, 0xffff])
    for (const needed of [CAN_READ, CAN_WRITE]) {
      const answer = iotlb.find(asked, at, needed);
      if (answer === MISS) continue;
      const covering = pages.filter(
        (page) => page.domain === asked && at >= page.first && at < page.first + 2 ** page.order,
      );
      const legal = covering.map((page) =>
        (page.permissions & needed) === 0 ? DENIED : page.physical + (at - page.first),
      );
      expect(legal, `frame ${at} of domain ${asked}`).toContain(answer);
    }
}

test("a page is found again as long as nothing displaces it", () => {
  const iotlb = new Iotlb(64);
  for (const [index, size] of [0, 9, 18, 39].entries()) {
    const first = 2 ** 40 * index;
    iotlb.fill(7, first, size, 0x1000, 3);
    expect(iotlb.find(7, first + 2 ** size - 1, CAN_WRITE)).toBe(0x1000 + 2 ** size - 1);
    expect(iotlb.find(8, first, CAN_WRITE)).toBe(MISS);
  }
  expect(iotlb.size).toBe(4);
});

test.each([1, 16, 4096])("a range inside a large page drops it, for %i frames", (frames) => {
  const iotlb = new Iotlb(64);
  const page = 2 ** 40;
  iotlb.fill(7, page, 18, 0x1000, 3);
  iotlb.fill(8, page, 18, 0x1000, 3);
  iotlb.invalidateRange(7, page + 2 ** 17, frames);
  expect(iotlb.find(7, page, CAN_READ)).toBe(MISS);
  expect(iotlb.find(8, page, CAN_READ)).toBe(0x1000);
  iotlb.invalidateRange(8, page + 2 ** 18, frames);
  iotlb.invalidateRange(8, page - frames, frames);
  expect(iotlb.find(8, page, CAN_READ)).toBe(0x1000);
});
