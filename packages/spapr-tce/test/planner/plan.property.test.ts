// The planner's laws: its plans are possible and the cheapest, and what it refuses is not possible.

import { createIommu } from "@iommukit/core";
import { applyPlan, type PlanRequest, planWindows, SPAPR, spaprTce } from "@iommukit/spapr-tce";
import { type Machine, powernv, powernv64k, pseries, simulatedHost } from "@iommukit/testkit";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { changed } from "../../src/planner/help.ts";
import { cheapestByForce } from "./brute-force.ts";
import { OFFERS, requests } from "./requests.ts";

describe.each(Object.entries(OFFERS))("%s", (_, offer) => {
  test("a plan is as cheap as any, and a refusal means that there is none", () => {
    let planned = 0;
    let refused = 0;
    fc.assert(
      fc.property(requests(offer), (request) => {
        const { plan } = planWindows(request);
        const cheapest = cheapestByForce(request);
        const possible =
          cheapest !== undefined &&
          (request.lockable === undefined || cheapest <= request.lockable);
        if (possible) planned++;
        else refused++;
        expect(plan?.lockedBytes).toBe(possible ? cheapest : undefined);
      }),
      { numRuns: 200 },
    );
    expect(Math.min(planned, refused)).toBeGreaterThan(10);
  });

  test("a plan's windows carry every range, in pages that its backing allows", () => {
    fc.assert(
      fc.property(requests(offer), (request) => {
        const { plan } = planWindows(request);
        if (plan === undefined) return;
        for (const range of request.ranges) {
          const carriers = plan.windows.filter(({ ranges }) => ranges.includes(range));
          expect(carriers).toHaveLength(1);
          for (const { size, pageSize } of carriers) {
            expect(range.address + range.size <= size).toBe(true);
            expect((range.address | range.size) % BigInt(pageSize)).toBe(0n);
            expect(pageSize).toBeLessThanOrEqual(range.backing);
          }
        }
      }),
      { numRuns: 400 },
    );
  });

  test("a refusal says why, and each help makes a plan possible", () => {
    let helped = 0;
    fc.assert(
      fc.property(requests(offer), (request) => {
        const { refusal } = planWindows(request);
        if (refusal === undefined) return;
        expect(refusal.reasons.length).toBeGreaterThan(0);
        for (const help of refusal.helps) {
          helped++;
          expect(planWindows(changed(request, help)).plan).toBeDefined();
        }
      }),
      { numRuns: 400 },
    );
    expect(helped).toBeGreaterThan(20);
  });
});

const HUGE_PAGES = { hugePages: new Map([[2 * 1024 * 1024, 64]]) };
const MACHINES: readonly (readonly [string, () => Machine])[] = [
  ["powernv", () => powernv(HUGE_PAGES)],
  ["powernv with PHB3", () => powernv({ phb: "phb3" })],
  ["powernv with 64 KiB pages", () => powernv64k()],
  ["pseries", () => pseries()],
];

describe.each(MACHINES)("on a simulated kernel: %s", (_, machine) => {
  test("every plan is made as planned and charged to the byte", () => {
    const host = simulatedHost(machine());
    const iommu = createIommu(host.port);
    const groups = [2];
    let made = 0;
    fc.assert(
      fc.property(requestsOf(), (request) => {
        using container = iommu.openContainer({ groups, backends: [spaprTce({ version: 2 })] });
        const offer = container.extension(SPAPR).readOffer();
        const ranges = request.ranges.map((range) => ({
          ...range,
          backing: Math.max(range.backing, offer.kernelPageSize),
        }));
        const { plan } = planWindows({ offer, ranges, placement: request.placement });
        if (plan === undefined) return;
        made++;
        const before = host.inspect.lockedBytes();
        const windows = applyPlan(container.windows, plan);
        expect(windows.map(({ start, last, pageSize }) => [start, last, pageSize])).toEqual(
          plan.windows.map(({ start, size, pageSize }) => [start, start + size - 1n, pageSize]),
        );
        // A default window that is kept is charged with its first use.
        const created = plan.windows.filter(({ from }) => from === "create");
        const due = created.length === 0 ? 0n : plan.tableBytes;
        expect(BigInt(host.inspect.lockedBytes() - before)).toBe(due);
      }),
      { numRuns: 60 },
    );
    expect(made).toBeGreaterThan(20);
    expect(host.inspect.lockedBytes()).toBe(0);
  });
});

/** Requests in units of 64 KiB and more, which every kernel takes. */
function requestsOf(): fc.Arbitrary<PlanRequest> {
  const offer = OFFERS["powernv9-64k"];
  if (offer === undefined) throw new Error("there is no such offer");
  return requests(offer);
}
