// Plans for known machines, refusals in their words, and plans that are applied.

import {
  bytes,
  createIommu,
  GiB,
  iova,
  isIommuError,
  MiB,
  type WindowRequest,
} from "@iommukit/core";
import { ioctlNumber } from "@iommukit/core/abi";
import {
  applyPlan,
  type MemoryRange,
  type PlanRequest,
  planWindows,
  SPAPR,
  spaprTce,
  type WindowOffer,
  type WindowPlan,
} from "@iommukit/spapr-tce";
import {
  fails,
  faultyPort,
  type Machine,
  powernv,
  powernv64k,
  pseries,
  simulatedHost,
} from "@iommukit/testkit";
import { describe, expect, test } from "vitest";
import { VFIO_IOMMU_SPAPR_TCE_CREATE } from "../../src/uapi/window.ts";
import { OFFERS } from "./requests.ts";

const G = BigInt(GiB);
const LARGE = 2 * MiB;

function offer(name: string): WindowOffer {
  const found = OFFERS[name];
  if (found === undefined) throw new Error(`no offer ${name}`);
  return found;
}

function range(address: bigint, size: bigint, backing: number): MemoryRange {
  return { address, size, backing };
}

function planned(request: PlanRequest): WindowPlan {
  const { plan, refusal } = planWindows(request);
  if (plan === undefined) throw new Error(refusal.reasons.join("; "));
  return plan;
}

describe("default", () => {
  test("small memory in small pages: the default window does", () => {
    const plan = planned({ offer: offer("powernv9"), ranges: [range(0n, 2n * G, 4096)] });
    expect(plan).toMatchObject({
      defaultWindow: "kept",
      windows: [{ start: 0n, from: "default", tableBytes: 8n * BigInt(MiB) }],
      lockedBytes: 2n * G + 8n * BigInt(MiB),
    });
  });

  test("64 GiB in 4 KiB pages: two levels, at bit 59, past the MMIO below 4 GiB", () => {
    const plan = planned({ offer: offer("powernv9"), ranges: [range(0n, 64n * G, 4096)] });
    expect(plan.windows).toMatchObject([
      { start: 0n, from: "create", ranges: [], tableBytes: 8192n },
      { start: 1n << 59n, size: 64n * G, pageSize: 4096, levels: 2 },
    ]);
  });

  test("an LPAR: 2 MiB pages make the table small", () => {
    const plan = planned({ offer: offer("pseries"), ranges: [range(0n, 64n * G, LARGE)] });
    expect(plan).toMatchObject({
      defaultWindow: "removed",
      windows: [{ start: 1n << 59n, pageSize: LARGE, levels: 1, tableBytes: 256n * 1024n }],
    });
  });

  test("memory of two kinds goes to two windows", () => {
    const ranges = [range(0n, G, 4096), range(4n * G, 60n * G, LARGE)];
    const plan = planned({ offer: offer("pseries"), ranges });
    expect(plan.windows).toMatchObject([
      { start: 0n, pageSize: 4096, from: "default", ranges: [ranges[0]] },
      { start: 1n << 59n, pageSize: LARGE, from: "create", ranges: [ranges[1]] },
    ]);
  });
});

describe("refused", () => {
  test.each<[string, PlanRequest, string, RegExp, object[]]>([
    [
      "too much to lock",
      { offer: offer("powernv9"), ranges: [range(0n, G, 4096)], lockable: G },
      "limit",
      /1 GiB of memory and 4 MiB of tables are .* 1 GiB can be/,
      [{ lockable: G + 4n * BigInt(MiB) }],
    ],
    [
      "an LPAR's window at 0 of more than the default one",
      { offer: offer("pseries"), ranges: [range(0n, 4n * G, LARGE)], placement: "identity" },
      "space",
      /an LPAR's window at 0 has 4 KiB pages/,
      [{ placement: "any" }],
    ],
    [
      "memory where 32-bit MMIO is",
      { offer: offer("powernv9"), ranges: [range(0n, 4n * G, 4096)], placement: "identity" },
      "space",
      /meets the bus addresses of 32-bit MMIO/,
      [{ placement: "any" }],
    ],
    [
      "more than small pages translate",
      { offer: offer("powernv9"), ranges: [range(0n, 1n << 55n, 4096)] },
      "space",
      /4 KiB: it would translate more than 55/,
      [],
    ],
    [
      "one window, and memory beyond it",
      { offer: offer("pseries, one window"), ranges: [range(0n, 2n * G, 65_536)] },
      "space",
      /one window is offered/,
      [],
    ],
    [
      "pages that the hardware has not",
      {
        offer: { ...offer("powernv9"), pageSizes: BigInt(LARGE) },
        ranges: [range(0n, G, 4096)],
      },
      "backing",
      /takes pages of 4 KiB at most/,
      [{ backing: LARGE }],
    ],
    [
      "two changes at once",
      {
        offer: { ...offer("powernv9"), pageSizes: BigInt(LARGE) },
        ranges: [range(0n, G, 4096)],
        lockable: 0n,
      },
      "backing",
      /at most/,
      [{ backing: LARGE, lockable: G + 8192n }],
    ],
  ])("%s", (_, request, code, reason, helps) => {
    const { refusal } = planWindows(request);
    expect(refusal?.code).toBe(code);
    expect(refusal?.reasons.join("\n")).toMatch(reason);
    expect(refusal?.helps).toMatchObject(helps);
  });

  test.each<[string, Partial<PlanRequest>]>([
    ["no memory", { ranges: [] }],
    ["an empty range", { ranges: [range(0n, 0n, 4096)] }],
    ["half a page", { ranges: [range(0n, 2048n, 4096)] }],
    ["an odd address", { ranges: [range(512n, 4096n, 4096)] }],
    ["a range below 0", { ranges: [range(-4096n, 4096n, 4096)] }],
    ["a range past 64 bits", { ranges: [range((1n << 64n) - 4096n, 8192n, 4096)] }],
    ["pages of 3 KiB", { ranges: [range(0n, 4096n, 3072)] }],
    ["pages below the kernel's", { ranges: [range(0n, 4096n, 2048)] }],
    ["an overlap", { ranges: [range(0n, 8192n, 4096), range(4096n, 4096n, 4096)] }],
    ["a negative limit", { lockable: -1n }],
  ])("error: %s is no request", (_, wrong) => {
    const request = { offer: offer("powernv9"), ranges: [range(0n, G, 4096)], ...wrong };
    expect(() => planWindows(request)).toThrow(
      expect.objectContaining({ code: "invalid-argument" }),
    );
  });
});

describe("applied", () => {
  const plan = planned({ offer: offer("pseries"), ranges: [range(0n, 64n * G, LARGE)] });

  test("the default window goes, the plan's come", () => {
    const iommu = createIommu(simulatedHost(pseries()).port);
    using container = iommu.openContainer({ groups: [2], backends: [spaprTce()] });
    expect(applyPlan(container.windows, plan)).toEqual(container.windows.list());
    expect(container.windows.list()).toMatchObject([{ start: 1n << 59n, pageSize: LARGE }]);
  });

  test("error: a window that cannot be made leaves the default one", () => {
    const { abi } = powernv();
    const request = ioctlNumber(abi, VFIO_IOMMU_SPAPR_TCE_CREATE);
    const faults = [{ when: { request, nth: 1 }, what: fails(12) }];
    const sim = simulatedHost(pseries());
    const iommu = createIommu(faultyPort(sim.port, { faults }).port);
    using container = iommu.openContainer({ groups: [2], backends: [spaprTce()] });
    expect(() => applyPlan(container.windows, plan)).toThrow(
      expect.objectContaining({ code: "out-of-memory" }),
    );
    expect(container.windows.list()).toMatchObject([{ start: 0n, pageSize: 4096 }]);
    // The one that was given back is the default one, so the plan can be tried again.
    applyPlan(container.windows, plan);
    expect(container.windows.list()).toMatchObject([{ start: 1n << 59n, pageSize: LARGE }]);
  });

  test.each<[string, () => Machine, WindowRequest]>([
    ["an LPAR's, elsewhere", pseries, { pageSize: LARGE, size: bytes(4 * GiB) }],
    ["an LPAR's, at 0 and smaller", pseries, { pageSize: 4096, size: bytes(GiB / 2) }],
    ["at 0, of other pages", powernv64k, { pageSize: 65_536, size: bytes(2 * GiB) }],
    ["at 0, and larger", powernv, { pageSize: 4096, size: bytes(4 * GiB) }],
  ])("error: a window of the caller's own stays, and works: %s", (_, machine, own) => {
    const sim = simulatedHost(machine());
    const iommu = createIommu(sim.port);
    using memory = iommu.allocate(2 * MiB, own.pageSize === LARGE ? { pageSize: LARGE } : {});
    using container = iommu.openContainer({ groups: [2], backends: [spaprTce()] });
    const ranges = [range(0n, 64n * G, LARGE)];
    const away = planned({ offer: container.extension(SPAPR).readOffer(), ranges });
    expect(away.defaultWindow).toBe("removed");
    const [given] = container.windows.list();
    if (given === undefined) throw new Error("there is no default window");
    container.windows.remove(given);
    const window = container.windows.create(own);
    expect(() => applyPlan(container.windows, away)).toThrow(
      expect.objectContaining({ code: "wrong-state" }),
    );
    expect(container.windows.list()).toEqual([window]);
    container.memory.register(memory.address, memory.size);
    container.dma.map(window.start, memory.address, memory.size, "read-write");
    expect(sim.dma("0000:00:02.0").write(window.start, Uint8Array.of(7)).moved).toBe(1);
    expect(memory.bytes[0]).toBe(7);
  });

  test("error: memory that is mapped in the default window stays mapped", () => {
    const sim = simulatedHost(pseries());
    const iommu = createIommu(sim.port);
    using memory = iommu.allocate(MiB);
    using container = iommu.openContainer({ groups: [2], backends: [spaprTce()] });
    container.memory.register(memory.address, memory.size);
    container.dma.map(iova(0n), memory.address, memory.size, "read-write");
    expect(() => applyPlan(container.windows, plan)).toThrow(
      expect.objectContaining({ code: "memory-in-use" }),
    );
    expect(sim.dma("0000:00:02.0").write(0n, Uint8Array.of(9)).moved).toBe(1);
    expect(memory.bytes[0]).toBe(9);
  });

  test("error: a plan for a machine with another default window", () => {
    const iommu = createIommu(simulatedHost(powernv()).port);
    using container = iommu.openContainer({ groups: [2], backends: [spaprTce()] });
    const before = container.windows.list();
    expect(() => applyPlan(container.windows, plan)).toThrow(
      expect.objectContaining({ code: "wrong-state" }),
    );
    expect(container.windows.list()).toBe(before);
  });

  test("error: a container that has other windows already", () => {
    const iommu = createIommu(simulatedHost(powernv()).port);
    using container = iommu.openContainer({ groups: [2], backends: [spaprTce()] });
    const two = planned({
      offer: offer("powernv9"),
      ranges: [range(0n, G, 4096), range(4n * G, 4n * G, LARGE)],
    });
    applyPlan(container.windows, two);
    let failure: unknown;
    try {
      applyPlan(container.windows, two);
    } catch (error) {
      failure = error;
    }
    expect(isIommuError(failure, "wrong-state")).toBe(true);
  });
});
