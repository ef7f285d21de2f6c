// New host addresses through the simulated kernel, and through ports whose answers are lost.

import {
  bytes,
  type Container,
  createIommu,
  type DmaMemory,
  IommuError,
  type Iova,
  iova,
} from "@iommukit/core";
import {
  answers,
  corrupts,
  type FaultEffect,
  fails,
  failsAfterwards,
  faultyPort,
  type SimulatedHost,
  simulatedHost,
  vtd,
} from "@iommukit/testkit";
import { type1 } from "@iommukit/type1-x86";
import { describe, expect, test } from "vitest";

const PAGE = 4096;
const MAP_DMA = 15217;
const UNMAP_DMA = 15218;
const CHECK_EXTENSION = 15205;
const EPERM = 1;
const AT = [iova(0x10_0000), iova(0x20_0000)] as const;

interface World {
  readonly sim: SimulatedHost;
  readonly container: Container;
  readonly old: DmaMemory;
  readonly next: DmaMemory;
}

interface Fault {
  readonly request: number;
  readonly nth: number;
  readonly what: FaultEffect;
  readonly times?: number;
}

/** Two pages mapped; faults count the calls of their kind from the first. */
function open(faults: readonly Fault[], version: 1 | 2): World {
  const sim = simulatedHost(vtd());
  const { port } = faultyPort(sim.port, {
    faults: faults.map(({ request, nth, what, times }) => ({
      when: { call: "ioctl", request, nth, times: times ?? 1 },
      what,
    })),
  });
  const iommu = createIommu(port);
  const [old, next] = [iommu.allocate(PAGE), iommu.allocate(PAGE)];
  const container = iommu.openContainer({ groups: [2], backends: [type1({ version })] });
  for (const at of AT) container.dma.map(at, old.address, old.size, "read-write");
  return { sim, container, old, next };
}

function supply({ container, next }: World, ...where: readonly Iova[]): void {
  container.addresses.supply(
    where.map((at) => ({ iova: at, size: bytes(PAGE), host: next.address })),
  );
}

function codeOf(action: () => unknown): string | undefined {
  try {
    action();
  } catch (error) {
    if (error instanceof IommuError) return error.code;
    throw error;
  }
  return undefined;
}

/** The ledger's addresses are the kernel's. */
function expectAgreement({ sim, container }: World): void {
  expect(container.dma.mappings().map(({ host }) => host)).toEqual(
    sim.inspect.mappings().map(({ vaddr }) => vaddr),
  );
}

function close({ sim, container, old, next }: World): void {
  container.close();
  for (const memory of [old, next]) memory.close();
  expect(sim.inspect.pinnedPages()).toBe(0);
}

describe.each([1, 2] as const)("version %i", (version) => {
  const lost = [
    ["EINVAL, nothing done", fails(22)],
    ["EBUSY, all done", failsAfterwards(16)],
    ["a positive number", answers(1)],
    ["another size", corrupts("size", (view) => view.setBigUint64(16, 5n, true))],
  ] as const;

  test.each(lost)("invalidateAll answered with %s: every address is valid", (_, what) => {
    const world = open([{ request: UNMAP_DMA, nth: 1, what }], version);
    expect(codeOf(() => world.container.addresses.invalidateAll())).toBeDefined();
    expect(world.container.addresses.invalid()).toEqual([]);
    // A kernel with an invalid address would refuse the group with EBUSY.
    world.container.control.attach(3);
    world.container.addresses.invalidateAll();
    supply(world, ...AT);
    expectAgreement(world);
    close(world);
  });

  test.each([
    ["ENOMEM, nothing done", fails(12), "out-of-memory"],
    ["EIO, all done", failsAfterwards(5), "kernel-refused"],
    ["a positive number", answers(9), "kernel-misbehaved"],
  ] as const)("the second supply answered with %s: both are invalid again", (_, what, code) => {
    const world = open([{ request: MAP_DMA, nth: 4, what }], version);
    world.container.addresses.invalidateAll();
    expect(codeOf(() => supply(world, ...AT))).toBe(code);
    expect(world.container.addresses.invalid()).toHaveLength(2);
    supply(world, ...AT);
    expectAgreement(world);
    close(world);
  });

  test("EINTR: repeated until it works, and handed on after 32 times", () => {
    const world = open([{ request: MAP_DMA, nth: 3, what: fails(4), times: 40 }], version);
    world.container.addresses.invalidateAll();
    expect(codeOf(() => supply(world, ...AT))).toBe("kernel-refused");
    supply(world, ...AT);
    expectAgreement(world);
    close(world);
  });
});

describe("what the kernel has", () => {
  const fault = (what: FaultEffect, removed: number): void =>
    test(`unmapWithDirty of an invalid mapping that ${what.name}`, () => {
      const world = open([{ request: UNMAP_DMA, nth: 2, what }], 2);
      world.container.dirty.start();
      world.container.addresses.invalidate(AT[0], bytes(PAGE));
      const range = [iova(0), bytes(0x100_0000)] as const;
      const unmap = (): unknown => world.container.dirty.unmapWithDirty(...range);
      expect(unmap).toThrow(
        expect.objectContaining({
          facts: expect.objectContaining({ removed: bytes(removed * PAGE) }),
        }),
      );
      expect(world.container.addresses.invalid()).toHaveLength(removed === 0 ? 1 : 0);
      expect(world.container.dma.mappings()).toHaveLength(world.sim.inspect.mappings().length);
      close(world);
    });
  fault(fails(14), 0);
  fault(failsAfterwards(14), 2);

  test("where it does not tell, a mapping counts as held", () => {
    const world = open(
      [
        { request: UNMAP_DMA, nth: 2, what: failsAfterwards(14) },
        { request: UNMAP_DMA, nth: 3, what: fails(5) },
        { request: MAP_DMA, nth: 3, what: fails(5) },
      ],
      2,
    );
    world.container.dirty.start();
    world.container.addresses.invalidate(AT[0], bytes(PAGE));
    const unmap = (): unknown => world.container.dirty.unmapWithDirty(iova(0), bytes(0x100_0000));
    expect(codeOf(unmap)).toBe("kernel-misbehaved");
    expect(world.container.dma.mappings()).toHaveLength(2);
    expect(codeOf(() => world.container.close())).toBe("close-failed");
    for (const memory of [world.old, world.next]) memory.close();
  });

  test("an answer of another size tells nothing either", () => {
    const world = open(
      [
        { request: UNMAP_DMA, nth: 2, what: fails(14) },
        { request: UNMAP_DMA, nth: 3, what: answers(0) },
      ],
      2,
    );
    world.container.dirty.start();
    world.container.addresses.invalidate(AT[0], bytes(PAGE));
    // The call that is answered without being made leaves the size that was asked: it is held.
    const unmap = (): unknown => world.container.dirty.unmapWithDirty(AT[0], bytes(PAGE));
    expect(codeOf(unmap)).toBe("kernel-misbehaved");
    expect(world.container.addresses.invalid()).toHaveLength(1);
    close(world);
  });

  test("a kernel without VFIO_UPDATE_VADDR: not offered, with the reason", () => {
    const world = open(
      [{ request: CHECK_EXTENSION, nth: 1, what: answers(0), times: Number.POSITIVE_INFINITY }].map(
        (fault) => ({ ...fault, nth: 2 }),
      ),
      2,
    );
    expect(world.container.capabilities["update-vaddr"]).toEqual({
      offered: false,
      reason: "VFIO_CHECK_EXTENSION(VFIO_UPDATE_VADDR) answered 0",
    });
    expect(codeOf(() => world.container.addresses.invalidateAll())).toBe("not-offered");
    close(world);
  });

  test("there is no version 3", () => {
    const make = (): unknown => Reflect.apply(type1, undefined, [{ version: 3 }]);
    expect(codeOf(make)).toBe("invalid-argument");
  });
});

test("behavior: what is offered is there, whichever question the kernel did not answer at first", () => {
  const seen: string[] = [];
  for (let nth = 2; nth <= 9; nth++) {
    const fault = { request: CHECK_EXTENSION, nth, what: fails(EPERM) };
    const { container } = open([fault], 2);
    // With another group everything is asked again, now by a kernel that answers.
    container.control.attach(3);
    expect(container.capabilities["update-vaddr"]).toEqual({ offered: true });
    container.addresses.invalidate(AT[0], bytes(PAGE));
    seen.push(...container.addresses.invalid().map(({ iova: at }) => String(at)));
    container.close();
  }
  expect(seen).toEqual(Array.from({ length: 8 }, () => String(AT[0])));
});
