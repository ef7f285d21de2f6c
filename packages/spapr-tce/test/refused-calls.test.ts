// Each call that the kernel may refuse, refused once: the code, the hint, and what is left.

import {
  bytes,
  type Container,
  createIommu,
  type DmaMemory,
  findCause,
  type IommuError,
  iova,
  isIommuError,
} from "@iommukit/core";
import { type IoctlCommand, ioctlNumber } from "@iommukit/core/abi";
import { VFIO_GROUP_UNSET_CONTAINER } from "@iommukit/core/uapi";
import { SPAPR, spaprTce } from "@iommukit/spapr-tce";
import {
  answers,
  corrupts,
  type Fault,
  type FaultEffect,
  fails,
  faultyPort,
  type Machine,
  powernv,
  pseries,
  reads,
  type SimulatedHost,
  simulatedHost,
} from "@iommukit/testkit";
import { afterEach, describe, expect, test } from "vitest";
import * as uapi from "../src/uapi/index.ts";

const PAGE = bytes(4096);
const GIB = bytes(1n << 30n);
const AT = iova(0x10_0000);
const open: { close(): void }[] = [];

afterEach(() => {
  for (const each of open.splice(0).toReversed()) each.close();
});

interface Bench {
  readonly sim: SimulatedHost;
  readonly container: Container;
  readonly memory: DmaMemory;
}

function bench(faults: readonly Fault[], what: Machine = powernv()): Bench {
  const sim = simulatedHost(what);
  const iommu = createIommu(faultyPort(sim.port, { faults }).port);
  const memory = iommu.allocate(4 * 4096);
  const container = iommu.openContainer({ groups: [2], backends: [spaprTce({ version: 2 })] });
  open.push(memory, container);
  return { sim, container, memory };
}

function ioctl(command: IoctlCommand, what: FaultEffect, nth = 1, times = 1): Fault {
  return { when: { request: ioctlNumber(powernv().abi, command), nth, times }, what };
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

describe("what the kernel says of its windows", () => {
  const info = (name: string, change: (view: DataView) => void): Fault =>
    ioctl(uapi.VFIO_IOMMU_SPAPR_TCE_GET_INFO, corrupts(name, change));
  test.each<[string, Fault, RegExp]>([
    ["no answer", ioctl(uapi.VFIO_IOMMU_SPAPR_TCE_GET_INFO, fails(22)), /does not describe/],
    ["no DDW", info("flags", (view) => view.setUint32(4, 0, true)), /nothing of dynamic windows/],
    ["no page size", info("pages", (view) => view.setBigUint64(16, 0n, true)), /lack 4 KiB/],
    ["small pages", info("pages", (view) => view.setBigUint64(16, 0x1001n, true)), /lack 4 KiB/],
    ["no windows", info("windows", (view) => view.setUint32(24, 0, true)), /has no window/],
    ["no levels", info("levels", (view) => view.setUint32(28, 0, true)), /tables of 0 levels/],
    ["six levels", info("levels", (view) => view.setUint32(28, 6, true)), /tables of 6 levels/],
    ["no size", info("size", (view) => view.setUint32(12, 0, true)), /default window is empty/],
    ["an odd size", info("size", (view) => view.setUint32(12, 12_288, true)), /no power of two/],
    ["an odd start", info("start", (view) => view.setUint32(8, 4096, true)), /no power of two/],
  ])("%s is refused", (_, fault, message) => {
    const error = thrown(() => bench([fault]));
    expect(findCause(error, "no-backend")?.message).toMatch(message);
  });

  test("a firmware that does not count its windows has two", () => {
    const silent = info("windows", (view) => view.setUint32(24, 0xffff_ffff, true));
    const { container } = bench([{ ...silent, when: { ...silent.when, times: 9 } }]);
    expect(container.extension(SPAPR).readOffer().windows).toBe(2);
  });
});

describe("windows", () => {
  test.each([
    ["ENOMEM", 12, "out-of-memory", /more levels help/],
    ["EINVAL", 22, "no-iova-space", /fewer entries/],
    ["ENODEV", 19, "kernel-refused", /until the next boot/],
    ["EPERM", 1, "permission-denied", /another window/],
  ])("a create that is refused with %s", (_, errno, code, hint) => {
    const { container, sim } = bench([ioctl(uapi.VFIO_IOMMU_SPAPR_TCE_CREATE, fails(errno))]);
    const before = container.windows.list();
    const create = (): unknown => container.windows.create({ pageSize: 4096, size: GIB });
    expect(thrown(create)).toMatchObject({
      code,
      hint: expect.stringMatching(hint),
      facts: { leaked: 0n, tableBytes: 4n * 1024n * 1024n },
    });
    expect(container.windows.list()).toBe(before);
    expect(sim.inspect.lockedBytes()).toBe(0);
    create();
  });

  test("a create that the kernel charged all the same: what leaked is in the error", () => {
    const { container } = bench([
      ioctl(uapi.VFIO_IOMMU_SPAPR_TCE_CREATE, fails(12)),
      { when: { path: "/proc/self/status", nth: 3, times: 9 }, what: reads("VmLck:\t73728 kB\n") },
    ]);
    const create = (): unknown => container.windows.create({ pageSize: 4096, size: GIB });
    expect(thrown(create).facts["leaked"]).toBe(65_536n * 1024n);
  });

  test("a window that the kernel puts elsewhere is removed again", () => {
    const elsewhere = corrupts("start", (view) => view.setBigUint64(32, 1n << 58n, true));
    const { container } = bench([ioctl(uapi.VFIO_IOMMU_SPAPR_TCE_CREATE, elsewhere)]);
    const create = (): unknown => container.windows.create({ pageSize: 4096, size: GIB });
    expect(thrown(create)).toMatchObject({ code: "kernel-misbehaved" });
    expect(container.windows.list()).toHaveLength(1);
  });

  test("a remove that is refused leaves the window", () => {
    const { container } = bench([ioctl(uapi.VFIO_IOMMU_SPAPR_TCE_REMOVE, fails(22))]);
    const [window] = container.windows.list();
    if (window === undefined) throw new Error("no window");
    expect(thrown(() => container.windows.remove(window))).toMatchObject({
      code: "kernel-refused",
      hint: expect.stringContaining("another process"),
    });
    expect(container.windows.list()).toEqual([window]);
    container.windows.remove(window);
  });

  test("rule I7: a window at 0 takes no mapping where a PHB has its MMIO below 4 GiB", () => {
    const { container, memory } = bench([]);
    container.memory.register(memory.address, memory.size);
    const [first] = container.windows.list();
    if (first === undefined) throw new Error("no window");
    container.windows.remove(first);
    const window = container.windows.create({ pageSize: 4096, size: bytes(16n * GIB) });
    const map = (at: bigint) => (): void =>
      container.dma.map(iova(at), memory.address, PAGE, "read");
    for (const at of [2n * GIB, 3n * GIB, 4n * GIB - 4096n])
      expect(thrown(map(at))).toMatchObject({
        code: "already-mapped",
        message: expect.stringContaining("32-bit MMIO and MSIs"),
      });
    for (const at of [2n * GIB - 4096n, 4n * GIB]) map(at)();
    container.dma.unmapAll();
    container.windows.remove(window);
  });

  test("an LPAR with one window has the default one only", () => {
    const one = corrupts("windows", (view) => view.setUint32(24, 1, true));
    const faults = [ioctl(uapi.VFIO_IOMMU_SPAPR_TCE_GET_INFO, one, 1, 99)];
    const { container } = bench(faults, pseries());
    const create = (): unknown => container.windows.create({ pageSize: 65_536, size: GIB });
    expect(thrown(create)).toMatchObject({
      code: "no-iova-space",
      message: expect.stringContaining("no window left beside the default one"),
    });
  });

  test("an LPAR's window like the default one is given in its place", () => {
    const { container } = bench([], pseries());
    const [first] = container.windows.list();
    if (first === undefined) throw new Error("no window");
    container.windows.remove(first);
    const again = container.windows.create({ pageSize: 4096, size: GIB, start: iova(0) });
    expect(again).toEqual(first);
    container.windows.remove(again);
    const high = iova(1n << 59n);
    expect(container.windows.create({ pageSize: 65_536, size: GIB, start: high }).start).toBe(high);
  });
});

describe("the default window", () => {
  test.each([
    [12, "out-of-memory"],
    [19, "kernel-refused"],
  ])(
    "cannot be made (errno %d): nothing is mapped, and the next map tries again",
    (errno, code) => {
      const { container, memory, sim } = bench([ioctl(uapi.VFIO_IOMMU_UNMAP_DMA, fails(errno))]);
      container.memory.register(memory.address, memory.size);
      const map = (): void => container.dma.map(AT, memory.address, PAGE, "read");
      expect(thrown(map)).toMatchObject({
        code,
        message: expect.stringContaining("did not make the default window"),
        facts: { tableBytes: 8n * 1024n * 1024n },
      });
      expect([container.dma.mappings(), sim.inspect.mappings()]).toEqual([[], []]);
      map();
      expect(sim.inspect.mappings()).toHaveLength(1);
    },
  );
});

describe("maps", () => {
  test.each([
    ["EINVAL", 22, "memory-fault", /smaller than the window's/],
    ["EPERM", 1, "memory-fault", /smaller than the window's/],
    ["ENXIO", 6, "kernel-refused", /the window is gone/],
    ["EINTR", 4, "kernel-refused", /H_PARAMETER/],
    ["ENOMEM", 12, "out-of-memory", /short of memory/],
  ])("refused with %s", (_, errno, code, hint) => {
    const { container, memory, sim } = bench([ioctl(uapi.VFIO_IOMMU_MAP_DMA, fails(errno))]);
    container.memory.register(memory.address, memory.size);
    const map = (): void => container.dma.map(AT, memory.address, PAGE, "read");
    expect(thrown(map)).toMatchObject({ code, hint: expect.stringMatching(hint) });
    expect([container.dma.mappings(), sim.inspect.mappings()]).toEqual([[], []]);
    map();
  });

  test("rule I20: a positive answer is no success, and leaves nothing behind", () => {
    const works = { name: "works and answers 1", after: () => 1 };
    const { container, memory, sim } = bench([ioctl(uapi.VFIO_IOMMU_MAP_DMA, works)]);
    container.memory.register(memory.address, memory.size);
    const map = (): void => container.dma.map(AT, memory.address, PAGE, "read");
    expect(thrown(map).code).toBe("kernel-misbehaved");
    expect([container.dma.mappings(), sim.inspect.mappings()]).toEqual([[], []]);
  });

  test("an unmap that is refused leaves the mapping", () => {
    const { container, memory, sim } = bench([ioctl(uapi.VFIO_IOMMU_UNMAP_DMA, answers(1), 2)]);
    container.memory.register(memory.address, memory.size);
    container.dma.map(AT, memory.address, PAGE, "read");
    expect(thrown(() => container.dma.unmap(AT, PAGE)).code).toBe("kernel-misbehaved");
    expect([container.dma.mappings().length, sim.inspect.mappings().length]).toEqual([1, 1]);
  });

  test("in chunks: a slice that fails takes those before it back", async () => {
    const size = 40 * 1024 * 1024;
    const sim = simulatedHost(powernv());
    const third = ioctl(uapi.VFIO_IOMMU_MAP_DMA, fails(12), 3);
    const iommu = createIommu(faultyPort(sim.port, { faults: [third] }).port);
    using memory = iommu.allocate(size);
    using container = iommu.openContainer({ groups: [2], backends: [spaprTce()] });
    container.memory.register(memory.address, memory.size);
    const map = (): Promise<void> =>
      container.dma.mapInChunks(AT, memory.address, memory.size, "read");
    await expect(map()).rejects.toMatchObject({ code: "out-of-memory" });
    expect([container.dma.mappings(), sim.inspect.mappings()]).toEqual([[], []]);
    await map();
    expect(sim.inspect.mappings()).toMatchObject([{ size: BigInt(size) }]);
  });
});

describe("registration", () => {
  test.each([
    ["EFAULT", fails(14), "memory-fault", /writable/],
    ["EINVAL", fails(22), "already-mapped", /something else in this process/],
    ["EBUSY", fails(16), "already-mapped", /stays so/],
    ["ENOMEM", fails(12), "out-of-memory", /short of memory/],
    ["2 of 4 pages", answers(2), "memory-fault", /writable/],
  ])("refused with %s", (_, what, code, hint) => {
    const fault = ioctl(uapi.VFIO_IOMMU_SPAPR_REGISTER_MEMORY, what);
    const { container, memory, sim } = bench([fault]);
    const register = (): unknown => container.memory.register(memory.address, memory.size);
    expect(thrown(register)).toMatchObject({ code, hint: expect.stringMatching(hint) });
    expect(sim.inspect.lockedBytes()).toBe(0);
    register();
  });

  test("more pages than were asked for is no answer", () => {
    const fault = ioctl(uapi.VFIO_IOMMU_SPAPR_REGISTER_MEMORY, answers(4));
    const { container, memory } = bench([fault]);
    const register = (): unknown => container.memory.register(memory.address, memory.size);
    expect(thrown(register).code).toBe("kernel-misbehaved");
  });

  test("an unregister that is refused leaves the registration", () => {
    const fault = ioctl(uapi.VFIO_IOMMU_SPAPR_UNREGISTER_MEMORY, fails(2));
    const { container, memory } = bench([fault]);
    const registration = container.memory.register(memory.address, memory.size);
    expect(thrown(() => registration.close())).toMatchObject({ code: "kernel-refused" });
    container.dma.map(AT, memory.address, PAGE, "read");
    container.dma.unmap(AT, PAGE);
    registration.close();
  });
});

describe("groups", () => {
  const two = (faults: readonly Fault[]): Bench => {
    const made = bench(faults);
    made.container.memory.register(made.memory.address, made.memory.size);
    for (const page of [0n, 1n])
      made.container.dma.map(iova(AT + page * 8192n), made.memory.address, PAGE, "read");
    return made;
  };
  const reached = (sim: SimulatedHost): number =>
    sim.dma("0000:00:02.0").read(AT, new Uint8Array(8)).moved;

  test("rule CL5: what a leaving group wiped is mapped again", () => {
    const { container, sim } = two([]);
    container.control.attach(3);
    expect(container.control.detach(3).mappingsDropped).toBe(0);
    expect([container.dma.mappings().length, sim.inspect.mappings().length]).toEqual([2, 2]);
    expect(reached(sim)).toBe(8);
  });

  test("what cannot be mapped again is told, and forgotten", () => {
    const { container, sim } = two([ioctl(uapi.VFIO_IOMMU_MAP_DMA, fails(12), 3)]);
    container.control.attach(3);
    expect(container.control.detach(3).mappingsDropped).toBe(1);
    expect([container.dma.mappings().length, sim.inspect.mappings().length]).toEqual([1, 1]);
  });

  test("a group that joined and was not wanted takes nothing either", () => {
    const { container, sim } = two([ioctl(uapi.VFIO_IOMMU_SPAPR_TCE_GET_INFO, fails(22), 3)]);
    expect(thrown(() => container.control.attach(3)).code).toBe("kernel-refused");
    expect(container.control.groups).toEqual([2]);
    expect([container.dma.mappings().length, sim.inspect.mappings().length]).toEqual([2, 2]);
    expect(reached(sim)).toBe(8);
  });

  test("a group does not leave while a chunk is on its way", async () => {
    const { container, memory } = two([ioctl(VFIO_GROUP_UNSET_CONTAINER, fails(16), 9)]);
    container.control.attach(3);
    const at = iova(AT + 0x10_0000n);
    const mapping = container.dma.mapInChunks(at, memory.address, memory.size, "read");
    expect(thrown(() => container.control.detach(3)).code).toBe("wrong-state");
    await mapping;
    expect(container.control.detach(3).mappingsDropped).toBe(0);
  });
});
