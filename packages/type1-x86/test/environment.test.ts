// What a machine may lack, and the one clear error for each: code, hint, nothing left open.

import {
  bytes,
  createIommu,
  type ErrorCode,
  type Iommu,
  IommuError,
  iova,
  type OpenContainerOptions,
} from "@iommukit/core";
import {
  type HostOptions,
  KERNEL_DRIVER,
  type SimulatedHost,
  simulatedHost,
  vtd,
} from "@iommukit/testkit";
import { type1 } from "@iommukit/type1-x86";
import { describe, expect, test } from "vitest";

const PAGE = 4096;

function host(options: HostOptions = {}): { iommu: Iommu; sim: SimulatedHost } {
  const sim = simulatedHost(vtd(), options);
  return { sim, iommu: createIommu(sim.port) };
}

/** Runs `action`, demands this code, and that the host has nothing open after it. */
function refused(code: ErrorCode, sim: SimulatedHost, action: () => unknown): IommuError {
  const open = sim.inspect.openDescriptors().length;
  try {
    action();
  } catch (error) {
    if (!(error instanceof IommuError)) throw error;
    expect(error.code).toBe(code);
    expect(sim.inspect.openDescriptors().length).toBe(open);
    expect(sim.inspect.pinnedPages()).toBe(0);
    return error;
  }
  throw new Error(`expected ${code}, but it succeeded`);
}

const open =
  (iommu: Iommu, groups: readonly number[], more: Partial<OpenContainerOptions> = {}) =>
  (): unknown =>
    iommu.openContainer({ groups, backends: [type1()], ...more });

describe("error: what the machine lacks", () => {
  test("no VFIO at all", () => {
    const { iommu, sim } = host({ vfio: "absent" });
    const error = refused("vfio-missing", sim, open(iommu, [2]));
    expect(error.hint).toMatch(/modprobe vfio/);
  });

  test("no Type1 driver", () => {
    const { iommu, sim } = host({ vfio: "without-type1" });
    const error = refused("no-backend", sim, open(iommu, [2]));
    expect(error.message).toMatch(
      /type1v2: .*VFIO_CHECK_EXTENSION answered 0 \(load vfio_iommu_type1/,
    );
  });

  test("no permission on the group's node", () => {
    const { iommu, sim } = host({ process: { uid: 1000, capabilities: [] } });
    const error = refused("permission-denied", sim, open(iommu, [2]));
    expect(error.hint).toMatch(/read and write \/dev\/vfio\/2/);
  });

  test("a group whose devices are bound to no VFIO driver", () => {
    const { iommu, sim } = host({ bound: "none" });
    const error = refused("group-not-found", sim, open(iommu, [2]));
    expect(error.hint).toMatch(/bind a device of it to vfio-pci first: 0000:00:02.0/);
  });

  test("a group that does not exist", () => {
    const { iommu, sim } = host();
    const error = refused("group-not-found", sim, open(iommu, [77]));
    expect(error.message).toMatch(/there is no IOMMU group 77/);
  });

  test("a group that is not viable: the blocking device and its driver are named", () => {
    const { iommu, sim } = host({ sharedGroup: "kernel-driver" });
    const error = refused("group-not-viable", sim, open(iommu, [4]));
    expect(error.message).toContain(`0000:00:04.1 (${KERNEL_DRIVER})`);
    expect(error.hint).toMatch(/bind 0000:00:04.1 to vfio-pci/);
  });

  test("a second group that is not viable takes the first one back out", () => {
    const { iommu, sim } = host({ sharedGroup: "kernel-driver" });
    refused("group-not-viable", sim, open(iommu, [2, 4]));
    iommu.openContainer({ groups: [2], backends: [type1()] }).close();
  });

  test("a group that another process has", () => {
    const { iommu, sim } = host();
    const other = createIommu(sim.newProcess().port);
    const held = other.openContainer({ groups: [2], backends: [type1()] });
    const error = refused("group-busy", sim, open(iommu, [2]));
    expect(error.hint).toMatch(/another program/);
    held.close();
    iommu.openContainer({ groups: [2], backends: [type1()] }).close();
  });

  test("a device bound to no VFIO driver in a group that is open", () => {
    const { iommu, sim } = host();
    const container = iommu.openContainer({ groups: [2], backends: [type1()] });
    refused("device-not-found", sim, () => container.openDevice("0000:00:03.0"));
    container.close();
  });
});

describe("error: limits", () => {
  test("the locked-memory limit is named with its numbers, and nothing stays locked", () => {
    const { iommu, sim } = host({
      process: { uid: 1000, capabilities: [], lockedMemoryLimit: 8 * PAGE },
      groupMode: 0o666,
    });
    const memory = iommu.allocate(16 * PAGE);
    const container = iommu.openContainer({ groups: [2], backends: [type1()] });
    const map = (pages: number) => (): void =>
      container.dma.map(iova(0x10_0000), memory.address, bytes(pages * PAGE), "read-write");
    const error = refused("locked-memory-limit", sim, map(9));
    expect(error.facts).toMatchObject({ errno: "ENOMEM", limit: 8 * PAGE, locked: 0 });
    expect(error.hint).toMatch(/ulimit -l/);
    expect(sim.inspect.lockedBytes()).toBe(0);
    map(8)();
    expect(sim.inspect.lockedBytes()).toBe(8 * PAGE);
    container.close();
    memory.close();
  });

  test("the kernel's number of mappings: refused by the ledger without a call, free again after", () => {
    const { iommu, sim } = host({ parameters: { dmaEntryLimit: 3 } });
    const memory = iommu.allocate(PAGE);
    const container = iommu.openContainer({ groups: [2], backends: [type1()] });
    const map = (n: number): void =>
      container.dma.map(iova(n * PAGE), memory.address, bytes(PAGE), "read");
    for (const n of [0, 1, 2]) map(n);
    const before = sim.calls.get("VFIO_IOMMU_MAP_DMA");
    expect(() => map(3)).toThrow(expect.objectContaining({ code: "mapping-limit" }));
    expect(sim.calls.get("VFIO_IOMMU_MAP_DMA")).toBe(before);
    container.dma.unmap(iova(PAGE), bytes(PAGE));
    map(3);
    expect(container.dma.mappings()).toHaveLength(3);
    container.close();
    memory.close();
  });
});
