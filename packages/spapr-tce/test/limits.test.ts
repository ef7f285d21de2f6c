// A user with little to lock, and what else only one machine in many meets: refused before a charge is made.

import { bytes, createIommu, GiB, type IommuError, isIommuError, KiB, MiB } from "@iommukit/core";
import { ioctlNumber } from "@iommukit/core/abi";
import { applyPlan, EEH, planWindows, SPAPR, spaprTce } from "@iommukit/spapr-tce";
import {
  fails,
  faultyPort,
  type Machine,
  powernv,
  pseries,
  simulatedHost,
} from "@iommukit/testkit";
import { describe, expect, test } from "vitest";
import { VFIO_EEH_PE_OP } from "../src/uapi/eeh.ts";
import { VFIO_IOMMU_SPAPR_TCE_CREATE } from "../src/uapi/window.ts";

function thrown(action: () => unknown): IommuError {
  try {
    action();
  } catch (error) {
    if (isIommuError(error)) return error;
    throw error;
  }
  throw new Error("expected an error");
}

function poor(machine: () => Machine, lockedMemoryLimit: number) {
  const process = { uid: 1000, capabilities: [], lockedMemoryLimit };
  return simulatedHost(machine(), { process, groupMode: 0o666 });
}

describe.each([
  ["powernv", powernv],
  ["pseries", pseries],
] as const)("locked memory on %s", (_, machine) => {
  test("error: a window whose table is over the limit charges nothing", () => {
    const sim = poor(machine, MiB);
    const iommu = createIommu(sim.port);
    using container = iommu.openContainer({ groups: [2], backends: [spaprTce({ version: 2 })] });
    const before = container.windows.list();
    const wide = { pageSize: 4096, size: bytes(GiB) };
    for (const window of before) container.windows.remove(window);
    const error = thrown(() => container.windows.create(wide));
    expect(error).toMatchObject({ code: "locked-memory-limit", operation: "createWindow" });
    expect(error.message).toContain("ulimit -l");
    expect(sim.inspect.lockedBytes()).toBe(0);
    expect(container.windows.list()).toEqual([]);
  });

  test("error: memory over the limit is not registered, and costs nothing", () => {
    const sim = poor(machine, 64 * KiB);
    const iommu = createIommu(sim.port);
    using memory = iommu.allocate(MiB);
    using container = iommu.openContainer({ groups: [2], backends: [spaprTce({ version: 2 })] });
    const register = () => container.memory.register(memory.address, memory.size);
    expect(thrown(register).code).toBe("locked-memory-limit");
    expect(sim.inspect.lockedBytes()).toBe(0);
  });
});

test("error: an LPAR's container takes one group, and opens with no more", () => {
  const sim = simulatedHost(pseries());
  const iommu = createIommu(sim.port);
  const both = { groups: [2, 3], backends: [spaprTce({ version: 2 })] };
  expect(thrown(() => iommu.openContainer(both)).message).toContain("one group");
  expect(sim.inspect.openDescriptors()).toEqual([]);
  using container = iommu.openContainer({ groups: [2], backends: [spaprTce()] });
  expect(thrown(() => container.control.attach(3)).code).toBe("not-offered");
});

describe("EEH", () => {
  test("behavior: v1 has it as v2 has", () => {
    const iommu = createIommu(simulatedHost(powernv()).port);
    using container = iommu.openContainer({ groups: [2], backends: [spaprTce({ version: 1 })] });
    expect(container.extension(EEH).readState()).toBe("normal");
    expect(thrown(() => container.extension(SPAPR)).code).toBe("not-offered");
  });

  test("error: an operation that the kernel refuses", () => {
    const sim = simulatedHost(powernv());
    const request = ioctlNumber(sim.port.abi, VFIO_EEH_PE_OP);
    // The first question is for the state; the second is the operation itself.
    const faults = [{ when: { request, nth: 2 }, what: fails(5) }];
    const iommu = createIommu(faultyPort(sim.port, { faults }).port);
    using container = iommu.openContainer({ groups: [2], backends: [spaprTce()] });
    const error = thrown(() => container.extension(EEH).startReset("hot"));
    expect(error).toMatchObject({ code: "kernel-refused", facts: { errno: "EIO" } });
    expect(container.extension(EEH).readState()).toBe("normal");
  });
});

test("error: a plan whose second window cannot be made leaves neither of the two", () => {
  const sim = simulatedHost(powernv());
  const request = ioctlNumber(sim.port.abi, VFIO_IOMMU_SPAPR_TCE_CREATE);
  const faults = [{ when: { request, nth: 2 }, what: fails(12) }];
  const iommu = createIommu(faultyPort(sim.port, { faults }).port);
  using container = iommu.openContainer({ groups: [2], backends: [spaprTce()] });
  const ranges = [{ address: 0n, size: 64n * BigInt(GiB), backing: 4096 }];
  const { plan } = planWindows({ offer: container.extension(SPAPR).readOffer(), ranges });
  if (plan === undefined) throw new Error("there is no plan");
  expect(plan.windows).toHaveLength(2);
  const before = container.windows.list();
  expect(thrown(() => applyPlan(container.windows, plan)).code).toBe("out-of-memory");
  expect(container.windows.list()).toEqual(before);
  expect(applyPlan(container.windows, plan)).toEqual(container.windows.list());
});
