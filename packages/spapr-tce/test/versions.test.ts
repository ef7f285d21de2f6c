// Which version opens, why not the other, and what v1 charges.

import { bytes, createIommu, findCause, type IommuError, iova, isIommuError } from "@iommukit/core";
import { ioctlNumber } from "@iommukit/core/abi";
import { VFIO_CHECK_EXTENSION, VFIO_SET_IOMMU } from "@iommukit/core/uapi";
import { spaprTce } from "@iommukit/spapr-tce";
import {
  answers,
  type Fault,
  fails,
  faultyPort,
  type Machine,
  pamu,
  powernv,
  pseries,
  type SimulatedHost,
  simulatedHost,
  vtd,
} from "@iommukit/testkit";
import { describe, expect, test } from "vitest";
import * as uapi from "../src/uapi/index.ts";

const GIB = 2 ** 30;
const GROUPS = { groups: [2] };

function thrown(action: () => unknown): IommuError {
  try {
    action();
  } catch (error) {
    if (isIommuError(error)) return error;
    throw error;
  }
  throw new Error("expected an error");
}

function machine(
  faults: readonly Fault[],
  what: Machine = powernv(),
): { sim: SimulatedHost; iommu: ReturnType<typeof createIommu> } {
  const sim = simulatedHost(what);
  return { sim, iommu: createIommu(faultyPort(sim.port, { faults }).port) };
}

const nth = (command: Parameters<typeof ioctlNumber>[1], what: Fault["what"], at = 1): Fault => ({
  when: { request: ioctlNumber(powernv().abi, command), nth: at },
  what,
});

describe("without a version", () => {
  test("it is 2 where that can be had", () => {
    const container = machine([]).iommu.openContainer({ ...GROUPS, backends: [spaprTce()] });
    expect([container.backend, container.negotiation.refused]).toEqual(["spapr-tce-v2", []]);
    expect(container.capabilities["memory-registration"]).toEqual({ offered: true });
    container.close();
  });

  test.each([
    ["the firmware has no dynamic windows", [nth(VFIO_SET_IOMMU, fails(22))], /EINVAL/],
    [
      "the kernel is older",
      [1, 3].map((at) => nth(VFIO_CHECK_EXTENSION, answers(0), at)),
      /has no sPAPR TCE v2/,
    ],
  ])("it is 1 where %s, and the reason is kept", (_, faults, reason) => {
    const { sim, iommu } = machine(faults);
    const container = iommu.openContainer({ ...GROUPS, backends: [spaprTce()] });
    expect(container.backend).toBe("spapr-tce-v1");
    expect(container.negotiation).toEqual({
      chosen: "spapr-tce-v1",
      refused: [{ backend: "spapr-tce-v2", reasons: [expect.stringMatching(reason)] }],
    });
    container.close();
    expect([sim.inspect.openDescriptors(), sim.inspect.lockedBytes()]).toEqual([[], 0]);
  });

  test("what is required of the version that opened is held to it", () => {
    const { iommu } = machine([nth(VFIO_SET_IOMMU, fails(22))]);
    const require = { capabilities: ["dynamic-windows"] };
    const error = thrown(() => iommu.openContainer({ ...GROUPS, backends: [spaprTce()], require }));
    expect(error.code).toBe("no-backend");
    expect(error.message).toMatch(/spapr-tce-v2: .*EINVAL/);
    expect(error.message).toMatch(/spapr-tce-v1: dynamic-windows: v1 has its default window/);
  });

  test("neither: both reasons are told", () => {
    const { sim, iommu } = machine([
      { when: { request: ioctlNumber(powernv().abi, VFIO_SET_IOMMU), times: 9 }, what: fails(19) },
    ]);
    const error = thrown(() => iommu.openContainer({ ...GROUPS, backends: [spaprTce()] }));
    expect(findCause(error, "not-offered")?.message).toMatch(/spapr-tce-v2: [\s\S]*spapr-tce-v1: /);
    expect(sim.inspect.openDescriptors()).toEqual([]);
  });

  test("the last group leaves, and the version may be another when one comes back", () => {
    const { iommu } = machine([nth(VFIO_SET_IOMMU, fails(22), 2)]);
    const container = iommu.openContainer({ ...GROUPS, backends: [spaprTce()] });
    container.control.detach(2);
    container.control.attach(3);
    expect([container.backend, container.windows.list()[0]?.kind]).toEqual([
      "spapr-tce-v1",
      "fixed",
    ]);
    container.close();
  });

  test("on x86 it says what is missing", () => {
    const { iommu } = machine([], vtd());
    const error = thrown(() => iommu.openContainer({ ...GROUPS, backends: [spaprTce()] }));
    expect(error.message).toMatch(/no sPAPR TCE v2: .*; the kernel has no sPAPR TCE v1/);
    expect(error.message).toMatch(/on x86 use the Type1 backend/);
  });

  test.each(["sdk-2.0", "sdk-1.4"] as const)(
    "on a QorIQ whose %s answers to a type of sPAPR no type is set",
    (release) => {
      const sim = simulatedHost(pamu({ release }));
      const request = ioctlNumber(sim.port.abi, VFIO_SET_IOMMU);
      const { port, fired } = faultyPort(sim.port, {
        faults: [{ when: { request }, what: fails(22) }],
      });
      const backends = [spaprTce()];
      const error = thrown(() => createIommu(port).openContainer({ ...GROUPS, backends }));
      expect(error.message).toMatch(/the device tree has fsl,pamu/);
      expect(fired).toEqual([]);
      expect(sim.inspect.openDescriptors()).toEqual([]);
    },
  );
});

test("a version that does not exist", () => {
  for (const version of [0, 3, "2", null])
    expect(thrown(() => Reflect.apply(spaprTce, undefined, [{ version }])).code).toBe(
      "invalid-argument",
    );
});

describe("version 1", () => {
  const v1 = { ...GROUPS, backends: [spaprTce({ version: 1 })] };

  test.each([
    ["powernv", powernv(), 2 * GIB + 8 * 1024 * 1024],
    ["pseries", pseries(), GIB + 2 * 1024 * 1024],
  ])("charges the window and its table when it opens, on %s", (_, what, charge) => {
    const { sim, iommu } = machine([], what);
    const container = iommu.openContainer(v1);
    expect(sim.inspect.lockedBytes()).toBe(charge);
    using memory = iommu.allocate(4096);
    container.dma.map(iova(0), memory.address, bytes(4096), "read");
    expect(sim.inspect.lockedBytes()).toBe(charge);
    container.close();
    expect([sim.inspect.lockedBytes(), sim.inspect.pinnedPages()]).toEqual([0, 0]);
  });

  test("says what it charges where the limit is below that", () => {
    const sim = simulatedHost(powernv(), {
      process: { uid: 1000, capabilities: [], lockedMemoryLimit: 64 * 1024 },
      groupMode: 0o666,
    });
    const error = thrown(() => createIommu(sim.port).openContainer(v1));
    const cause = findCause(error, "locked-memory-limit");
    expect(cause?.hint).toMatch(/charges the whole window, 2 GiB/);
    expect(sim.inspect.lockedBytes()).toBe(0);
  });

  test("a table that does not fit is refused, and the window's charge is given back", () => {
    const sim = simulatedHost(powernv(), {
      process: { uid: 1000, capabilities: [], lockedMemoryLimit: 2 * GIB + 4096 },
      groupMode: 0o666,
    });
    const error = thrown(() => createIommu(sim.port).openContainer(v1));
    expect(findCause(error, "locked-memory-limit")?.facts["tableBytes"]).toBe(8n * 1024n * 1024n);
    expect(sim.inspect.lockedBytes()).toBe(0);
  });

  test("has one group, one window and no registration in the kernel", () => {
    const { iommu } = machine([]);
    const container = iommu.openContainer(v1);
    expect(thrown(() => container.control.attach(3))).toMatchObject({
      code: "not-offered",
      message: expect.stringContaining("v1 takes one group"),
    });
    const create = (): unknown => container.windows.create({ pageSize: 4096, size: bytes(GIB) });
    expect(thrown(create)).toMatchObject({ code: "not-offered", hint: /default window/ });
    expect(container.capabilities["memory-registration"]?.offered).toBe(false);
    container.close();
  });

  test("a DISABLE that is refused is told when the container closes", () => {
    const { sim, iommu } = machine([nth(uapi.VFIO_IOMMU_DISABLE, fails(1))]);
    const container = iommu.openContainer(v1);
    expect(thrown(() => container.close()).facts["failures"]).toEqual([
      expect.stringContaining("VFIO_IOMMU_DISABLE gave EPERM"),
    ]);
    expect([sim.inspect.openDescriptors(), sim.inspect.lockedBytes()]).toEqual([[], 0]);
  });

  test("memory that is not there is a fault", () => {
    const { iommu } = machine([nth(uapi.VFIO_IOMMU_MAP_DMA, fails(14))]);
    using container = iommu.openContainer(v1);
    using memory = iommu.allocate(4096);
    const map = (): void => container.dma.map(iova(0), memory.address, bytes(4096), "read");
    expect(thrown(map)).toMatchObject({ code: "memory-fault" });
  });
});
