// Each call that the kernel may refuse, refused once: the code, the hint, and what is left.

import { bytes, createIommu, findCause, type IommuError, iova, isIommuError } from "@iommukit/core";
import { type IoctlCommand, ioctlNumber } from "@iommukit/core/abi";
import * as vfio from "@iommukit/core/uapi";
import {
  amdvi,
  answers,
  corrupts,
  type Fault,
  type FaultEffect,
  fails,
  failsAfterwards,
  faultyPort,
  type Machine,
  reads,
  type SimulatedHost,
  simulatedHost,
  vtd,
} from "@iommukit/testkit";
import { type1 } from "@iommukit/type1-x86";
import { describe, expect, test } from "vitest";
import { VFIO_IOMMU_GET_INFO } from "../src/uapi/info.ts";
import { VFIO_IOMMU_MAP_DMA } from "../src/uapi/map.ts";
import { VFIO_IOMMU_UNMAP_DMA } from "../src/uapi/unmap.ts";

const AT = iova(0x10_0000);
const GOOD = { groups: [2], backends: [type1()] };
const LINK = (group: number): string =>
  `/sys/kernel/iommu_groups/${group}/devices/0000:00:0${group}.0/iommu`;

interface Run {
  readonly sim: SimulatedHost;
  readonly iommu: ReturnType<typeof createIommu>;
}

function machine(faults: readonly Fault[], what: Machine = vtd()): Run {
  const sim = simulatedHost(what);
  return { sim, iommu: createIommu(faultyPort(sim.port, { faults }).port) };
}

/** The nth of this ioctl goes wrong. */
function ioctl(command: IoctlCommand, what: FaultEffect, nth = 1): Fault {
  return { when: { request: ioctlNumber(vtd().abi, command), nth }, what };
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

describe("opening a container", () => {
  const { VFIO_GROUP_SET_CONTAINER, VFIO_GROUP_GET_STATUS } = vfio;
  const inUse = corrupts("the group's flags", (view) => view.setUint32(4, 3, true));
  test.each<[string, Fault, string, RegExp | undefined]>([
    ["status", ioctl(VFIO_GROUP_GET_STATUS, fails(22)), "kernel-refused", undefined],
    ["in a container", ioctl(VFIO_GROUP_GET_STATUS, inUse), "group-busy", undefined],
    ["EBUSY", ioctl(VFIO_GROUP_SET_CONTAINER, fails(16)), "group-busy", /owned elsewhere/],
    ["EPERM", ioctl(VFIO_GROUP_SET_CONTAINER, fails(1)), "group-not-viable", /another VFIO/],
    ["EINVAL", ioctl(VFIO_GROUP_SET_CONTAINER, fails(22)), "kernel-refused", /RMRR/],
    ["odd", ioctl(VFIO_GROUP_SET_CONTAINER, answers(1)), "kernel-misbehaved", undefined],
  ])("the group: %s", (_, fault, code, hint) => {
    const { sim, iommu } = machine([fault]);
    const error = thrown(() => iommu.openContainer(GOOD));
    expect(error.code).toBe(code);
    expect(error.hint).toEqual(hint === undefined ? undefined : expect.stringMatching(hint));
    expect(sim.inspect.openDescriptors()).toEqual([]);
    iommu.openContainer(GOOD).close();
  });

  const info = (name: string, change: (view: DataView) => void): Fault => {
    const { when, what } = ioctl(VFIO_IOMMU_GET_INFO, corrupts(name, change));
    return { when: { ...when, times: 9 }, what };
  };
  test.each<[string, Fault, string, RegExp]>([
    ["EPERM", ioctl(vfio.VFIO_SET_IOMMU, fails(1)), "permission-denied", /interrupts are not/],
    ["no info", ioctl(VFIO_IOMMU_GET_INFO, fails(22)), "kernel-refused", /does not describe/],
    [
      "small pages",
      info("page sizes", (view) => view.setBigUint64(8, 0x1800n, true)),
      "kernel-misbehaved",
      /smaller than 4 KiB/,
    ],
    ["ranges", info("ranges", turnFirstRange), "kernel-misbehaved", /overlap or are not in order/],
  ])("the IOMMU: %s", (_, fault, code, message) => {
    const { sim, iommu } = machine([fault]);
    const error = thrown(() => iommu.openContainer(GOOD));
    expect(error.code).toBe("no-backend");
    const cause = error.cause;
    if (!isIommuError(cause)) throw new Error("no cause");
    expect(findCause(error, cause.code)?.code).toBe(code);
    expect(cause.message).toMatch(message);
    expect(sim.inspect.openDescriptors()).toEqual([]);
  });

  test("a kernel that names no page size is taken at its own", () => {
    const silent = info("flags", (view) => view.setUint32(4, view.getUint32(4, true) & ~1, true));
    const { iommu } = machine([silent]);
    const container = iommu.openContainer(GOOD);
    expect(container.windows.list()[0]).toMatchObject({ pageSize: 4096, hardwarePageSizes: 4096n });
    container.close();
  });
});

/** The first IOVA range ends before it begins. */
function turnFirstRange(view: DataView): void {
  let at = view.getUint32(16, true);
  // The first ask has no room for the chain.
  if (at === 0 || at >= view.byteLength) return;
  while (view.getUint16(at, true) !== 1) at = view.getUint32(at + 4, true);
  view.setBigUint64(at + 16, 0x2000n, true);
  view.setBigUint64(at + 24, 0x1fffn, true);
}

describe("what sysfs says of the IOMMU", () => {
  test.each<[string, Fault, RegExp]>([
    [
      "no devices",
      { when: { path: "/sys/kernel/iommu_groups/2/devices", times: 9 }, what: fails(2) },
      /sysfs does not tell which IOMMU/,
    ],
    [
      "an IOMMU of another kind",
      { when: { path: LINK(2), times: 9 }, what: reads("../../arm-smmu-v3.0") },
      /whether the IOMMU at .*smmu.* prevents reads is not known/,
    ],
  ])("%s: write-only is not offered", (_, fault, reason) => {
    const container = machine([fault], amdvi()).iommu.openContainer(GOOD);
    expect(container.capabilities["write-only"]).toMatchObject({
      offered: false,
      reason: expect.stringMatching(reason),
    });
    container.close();
  });

  test("a parameter that cannot be read does not tell that interrupts are isolated", () => {
    const path = "/sys/module/vfio_iommu_type1/parameters/allow_unsafe_interrupts";
    const { iommu } = machine([{ when: { path, times: 9 }, what: fails(2) }]);
    expect(thrown(() => iommu.openContainer(GOOD)).message).toMatch(/sysfs does not tell whether/);
    const container = iommu.openContainer({ ...GOOD, accept: ["unsafe-interrupts"] });
    expect(container.capabilities["interrupt-isolation"]?.offered).toBe(false);
    container.close();
  });

  test("rule CL6: a group behind which write is read does not join live write mappings", () => {
    const faults = [{ when: { path: LINK(3), times: 99 }, what: reads("../virtual/iommu/dmar0") }];
    const { sim, iommu } = machine(faults, amdvi());
    const memory = iommu.allocate(4096);
    const container = iommu.openContainer(GOOD);
    container.dma.map(AT, memory.address, memory.size, "write");
    const error = thrown(() => container.control.attach(3));
    expect(error).toMatchObject({ code: "not-offered" });
    expect(error.message).toMatch(/write-only: .*mappings with access write are live/);
    expect(container.control.groups).toEqual([2]);
    container.dma.unmap(AT, memory.size);
    container.dma.map(AT, memory.address, memory.size, "read");
    container.control.attach(3);
    expect(container.control.groups).toEqual([2, 3]);
    container.close();
    memory.close();
    expect(sim.inspect.openDescriptors()).toEqual([]);
  });
});

describe("mapping", () => {
  test("a map and an unmap that are refused leave ledger and kernel as they were", () => {
    const capable = reads("VmLck:\t0 kB\nCapEff:\t000001ffffffffff\n");
    const { sim, iommu } = machine([
      { when: { path: "/proc/self/status" }, what: capable },
      ioctl(VFIO_IOMMU_MAP_DMA, fails(12)),
      ioctl(VFIO_IOMMU_UNMAP_DMA, fails(22)),
    ]);
    const memory = iommu.allocate(4096);
    const container = iommu.openContainer(GOOD);
    const map = (): void => container.dma.map(AT, memory.address, bytes(4096), "read");
    // This process has CAP_IPC_LOCK: the limit cannot be the reason.
    expect(thrown(map)).toMatchObject({
      code: "out-of-memory",
      facts: expect.objectContaining({ limit: Number.POSITIVE_INFINITY }),
    });
    expect([container.dma.mappings(), sim.inspect.mappings()]).toEqual([[], []]);
    map();
    const error = thrown(() => container.dma.unmap(AT, bytes(4096)));
    expect(error).toMatchObject({
      code: "kernel-refused",
      operation: "VFIO_IOMMU_UNMAP_DMA",
      facts: { removed: 0n, stillMapped: 4096n },
    });
    expect([container.dma.mappings().length, sim.inspect.mappings().length]).toEqual([1, 1]);
    container.close();
    memory.close();
  });

  test.each([
    ["one mapping", 1],
    ["two at once", 2],
  ])("an unmap of %s whose answer is lost: the kernel is asked, and has it no more", (_, pages) => {
    const { sim, iommu } = machine([ioctl(VFIO_IOMMU_UNMAP_DMA, failsAfterwards(4))]);
    const memory = iommu.allocate(4096);
    const container = iommu.openContainer(GOOD);
    const range = bytes(4096 * pages);
    for (let page = 0; page < pages; page++)
      container.dma.map(iova(AT + BigInt(page) * 4096n), memory.address, bytes(4096), "read");
    expect(thrown(() => container.dma.unmap(AT, range))).toMatchObject({
      facts: { removed: range, stillMapped: 0n },
    });
    expect([container.dma.mappings(), sim.inspect.mappings()]).toEqual([[], []]);
    // Nothing stands on the memory any more, and the place is free.
    container.dma.map(AT, memory.address, bytes(4096), "read");
    container.close();
    memory.close();
  });

  test("an unmap that failed where the kernel cannot be asked: everything counts as mapped", () => {
    const request = ioctlNumber(vtd().abi, vfio.VFIO_CHECK_EXTENSION);
    const { iommu } = machine([
      { when: { request, nth: 2, times: Number.POSITIVE_INFINITY }, what: answers(0) },
      ioctl(VFIO_IOMMU_UNMAP_DMA, failsAfterwards(4)),
    ]);
    const memory = iommu.allocate(4096);
    const container = iommu.openContainer(GOOD);
    container.dma.map(AT, memory.address, bytes(4096), "read");
    const { facts } = thrown(() => container.dma.unmap(AT, bytes(4096)));
    expect(facts).not.toHaveProperty("stillMapped");
    expect(container.dma.mappings()).toHaveLength(1);
    expect(thrown(() => memory.close()).code).toBe("memory-in-use");
    // Closing finds that the kernel has nothing to unmap, and says so.
    expect(thrown(() => container.close()).code).toBe("close-failed");
    memory.close();
  });
});

describe("closing", () => {
  test("group and container refuse to close: both are told, and nothing is open", () => {
    const { sim, iommu } = machine([
      { when: { call: "close", times: 2 }, what: failsAfterwards(5) },
    ]);
    const container = iommu.openContainer(GOOD);
    const error = thrown(() => container.close());
    expect(error.code).toBe("close-failed");
    expect(error.facts["failures"]).toEqual([
      expect.stringContaining("closing group 2 failed"),
      expect.stringContaining("closing the container failed"),
    ]);
    expect(sim.inspect.openDescriptors()).toEqual([]);
  });

  test("a group that cannot leave is still in the container", () => {
    const { sim, iommu } = machine([ioctl(vfio.VFIO_GROUP_UNSET_CONTAINER, fails(16))]);
    const container = iommu.openContainer(GOOD);
    const error = thrown(() => container.control.detach(2));
    expect(error).toMatchObject({ code: "group-busy", hint: "close its devices first" });
    expect(container.control.groups).toEqual([2]);
    container.close();
    expect(sim.inspect.openDescriptors()).toEqual([]);
  });
});
