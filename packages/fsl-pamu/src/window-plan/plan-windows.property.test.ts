// Every plan is legal, the largest window and then the smallest aperture; a refusal is right.

import { fc, test } from "@fast-check/vitest";
import { bytes, iova, KiB } from "@iommukit/core";
import { describe, expect } from "vitest";
import { layoutConflicts } from "./conflicts.ts";
import { planWindows } from "./plan-windows.ts";
import type { MsiPolicy, RamRegion, WindowPlan, WindowPlanRequest } from "./request.ts";

const LIMIT = 1n << 36n;
const PAGE = BigInt(4 * KiB);

/** RAM in units of 4 KiB to 1 GiB, so that both fine and coarse regions come up. */
const regions = fc
  .tuple(
    fc.integer({ min: 12, max: 30 }),
    fc.array(
      fc.record({
        gap: fc.nat({ max: 9 }),
        length: fc.oneof(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 300 })),
      }),
      { minLength: 1, maxLength: 4 },
    ),
    fc.constantFrom(0, 0, 1, 3, 32, 63),
  )
  .map(([shift, parts, first]): RamRegion[] => {
    let at = first;
    return parts.map(({ gap, length }) => {
      const start = at + gap;
      at = start + length;
      const unit = 1n << BigInt(shift);
      return { start: iova(BigInt(start) * unit), size: bytes(BigInt(length) * unit) };
    });
  });

const requests: fc.Arbitrary<Required<WindowPlanRequest>> = fc.record({
  ram: regions,
  contiguity: fc.integer({ min: 12, max: 33 }).map((shift) => bytes(1n << BigInt(shift))),
  msiBanks: fc.integer({ min: 0, max: 5 }),
  maxWindows: fc.constantFrom(1, 2, 16, 256, 256),
  policy: fc.constantFrom<MsiPolicy>("after", "holes"),
});

/** Whether `[start, end)` holds a byte of RAM. */
function hasRam(ram: readonly RamRegion[], start: bigint, end: bigint): boolean {
  return ram.some((region) => region.start < end && start < region.start + region.size);
}

function descending(a: bigint, b: bigint): number {
  return a < b ? 1 : -1;
}

interface Found {
  readonly windowSize: bigint;
  readonly windows: number;
}

/**
 * Every window size, count and start that could hold RAM, tried one by one; the answer is the best of those
 * with enough free windows. It shares no line with the planner.
 */
function bruteForce(request: Required<WindowPlanRequest>): Found | undefined {
  const { ram, contiguity, msiBanks, maxWindows, policy } = request;
  const low = ram[0]?.start ?? 0n;
  const high = ram.map(({ start, size }) => start + size).toSorted(descending)[0] ?? 0n;
  for (let size = LIMIT; size >= PAGE; size >>= 1n) {
    if (size > contiguity || ram.some((r) => r.start % size !== 0n || r.size % size !== 0n))
      continue;
    for (let count = 1; count <= maxWindows; count <<= 1) {
      const whole = size * BigInt(count);
      for (let start = 0n; start <= low; start += whole) {
        // Apertures that end below RAM are passed over at once, or 2^24 of them would be looked at.
        if (start + whole <= low) start += ((low - start) / whole - 1n) * whole;
        if (start + whole < high || start + whole > LIMIT) continue;
        let free = 0;
        for (let at = start; at < start + whole && free < msiBanks; at += size)
          if (!hasRam(ram, at, at + size) && (policy === "holes" || at >= high)) free++;
        if (free >= msiBanks) return { windowSize: size, windows: count };
      }
    }
  }
  return undefined;
}

function checkPlan(plan: WindowPlan, request: Required<WindowPlanRequest>): void {
  const whole = plan.windowSize * BigInt(plan.windows);
  expect(plan.last).toBe(plan.start + whole - 1n);
  expect(plan.start % whole).toBe(0n);
  expect(plan.last).toBeLessThan(LIMIT);
  expect(plan.windows).toBeLessThanOrEqual(request.maxWindows);
  expect(Number.isInteger(Math.log2(plan.windows))).toBe(true);
  expect(plan.msi.map(({ bank }) => bank)).toEqual([...Array(request.msiBanks).keys()]);
  expect(new Set(plan.msi.map(({ window }) => window)).size).toBe(request.msiBanks);
  for (const { start, size } of request.ram) {
    expect((start | size) % plan.windowSize).toBe(0n);
    expect(start >= plan.start && start + size - 1n <= plan.last).toBe(true);
  }
  for (const { window, iova: at } of plan.msi) {
    expect(at).toBe(plan.start + plan.windowSize * BigInt(window));
    expect(hasRam(request.ram, at, at + plan.windowSize)).toBe(false);
  }
  expect(layoutConflicts(plan)).toEqual([]);
}

describe("window plans", () => {
  test.prop([requests], { numRuns: 3000 })(
    "are legal, and the ones that brute force finds; a refusal means that it finds none",
    (request) => {
      const plan = planWindows(request);
      const best = bruteForce(request);
      if (plan.kind === "refused") {
        expect(best).toBeUndefined();
        expect(plan.code).toBe("ENOSPC");
        expect(plan.reason).not.toBe("");
        return;
      }
      expect({ windowSize: plan.windowSize, windows: plan.windows }).toEqual(best);
      checkPlan(plan, request);
    },
  );

  test.prop([requests], { numRuns: 1000 })("every remedy that a refusal names helps", (request) => {
    const refusal = planWindows(request);
    if (refusal.kind === "plan") return;
    for (const remedy of refusal.hint.split("; or "))
      for (const changed of remedied(request, remedy))
        expect([remedy, planWindows(changed).kind]).toEqual([remedy, "plan"]);
  });

  test.prop([requests], { numRuns: 300 })("the same request gives the same answer", (request) => {
    expect(planWindows(request)).toEqual(planWindows({ ...request }));
  });
});

/** The request with a remedy applied; none for advice that changes what is asked for. */
function remedied(
  request: Required<WindowPlanRequest>,
  remedy: string,
): readonly WindowPlanRequest[] {
  const size = /of (\d+) (KiB|MiB|GiB)$/.exec(remedy);
  const units: Readonly<Record<string, bigint>> = {
    KiB: 1n << 10n,
    MiB: 1n << 20n,
    GiB: 1n << 30n,
  };
  const value = bytes(BigInt(size?.[1] ?? 0) * (units[size?.[2] ?? ""] ?? 0n));
  if (remedy.startsWith("back guest RAM")) return [{ ...request, contiguity: value }];
  if (remedy.startsWith("round each"))
    return [
      {
        ...request,
        ram: request.ram.map((region) => ({
          start: region.start,
          size: bytes(((region.size + value - 1n) / value) * value),
        })),
      },
    ];
  if (remedy.endsWith("policy holes")) return [{ ...request, policy: "holes" }];
  const banks = /no more than (\d+)|no MSI bank$/.exec(remedy);
  if (banks !== null) return [{ ...request, msiBanks: Number(banks[1] ?? 0) }];
  expect(remedy).toBe("less guest RAM, at lower addresses");
  return [];
}
