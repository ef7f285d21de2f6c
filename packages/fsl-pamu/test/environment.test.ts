// Which machine it is: the number of the type means something else elsewhere, and mainline isolates
// nothing.

import { createIommu, type IommuError, iova, type OpenContainerOptions } from "@iommukit/core";
import { fslPamu, PAMU, type PamuType } from "@iommukit/fsl-pamu";
import {
  faultyPort,
  type Machine,
  type PamuRelease,
  pamu,
  powernv,
  reads,
  type SimulatedHost,
  simulatedHost,
  vtd,
} from "@iommukit/testkit";
import { describe, expect, test } from "vitest";
import { thrown } from "./masked-pamu.ts";
import { DEVICE } from "./raw-pamu.ts";

const COMPATIBLE = "/proc/device-tree/soc@fe000000/iommu@20000/compatible";

interface Tried {
  readonly host: SimulatedHost;
  readonly error: IommuError;
}

function refused(
  machine: Machine,
  type: PamuType = 7,
  more: Partial<OpenContainerOptions> = {},
): Tried {
  const host = simulatedHost(machine);
  const open = (): unknown =>
    createIommu(host.port).openContainer({ groups: [2], backends: [fslPamu({ type })], ...more });
  return { host, error: thrown(open) };
}

/** Names of ioctls that a container got, beside those that every IOMMU type answers alike. */
function ownCalls({ calls }: SimulatedHost): readonly string[] {
  return [...calls.keys()].filter((name) => name.startsWith("VFIO_IOMMU_"));
}

describe("the device tree is asked before any number that means something else", () => {
  test.each<[string, () => Machine, PamuType]>([
    ["x86", () => vtd(), 7],
    ["a POWER server, where 7 is sPAPR v2", () => powernv(), 7],
    ["a POWER server, where 2 is sPAPR v1", () => powernv(), 2],
  ])("%s: refused, and nothing was sent", (_, machine, type) => {
    const { host, error } = refused(machine(), type);
    expect(error.code).toBe("no-backend");
    expect(error.message).toContain("the device tree has no fsl,pamu");
    expect(ownCalls(host)).toEqual([]);
    expect(host.calls.get("VFIO_SET_IOMMU") ?? 0).toBe(0);
    expect(host.inspect.openDescriptors()).toEqual([]);
  });

  test.each([
    ["a node of another kind", "arm,smmu-v3\0"],
    ["a name that only begins alike", "fsl,pamu-v1.0\0fsl,pamuses\0"],
    ["nothing", ""],
  ])("%s is no PAMU", (_, text) => {
    const host = simulatedHost(pamu());
    const when = { path: COMPATIBLE, times: 9 };
    const { port } = faultyPort(host.port, { faults: [{ when, what: reads(text) }] });
    const open = (): unknown =>
      createIommu(port).openContainer({ groups: [2], backends: [fslPamu({ type: 7 })] });
    expect(thrown(open).message).toContain("no fsl,pamu");
    expect(ownCalls(host)).toEqual([]);
  });
});

describe("the type is the vendor's release's", () => {
  const RELEASES: readonly [PamuRelease, PamuType][] = [
    ["sdk-1.4", 2],
    ["sdk-1.6", 1000],
    ["sdk-2.0", 7],
  ];
  test.each(RELEASES)("%s answers to %i and to no other", (release, type) => {
    for (const mode of ["sdk-compat", "strict"] as const) {
      const host = simulatedHost(pamu({ release, mode }));
      const open = (asked: PamuType) =>
        createIommu(host.port).openContainer({ groups: [2], backends: [fslPamu({ type: asked })] });
      for (const [, other] of RELEASES)
        if (other !== type) expect(thrown(() => open(other)).message).toContain(`type ${other}`);
      const container = open(type);
      expect(container.extension(PAMU).msiBanks).toBe(4);
      container.close();
    }
  });
});

describe("a mainline kernel's PAMU", () => {
  test("is refused", () => {
    const { error, host } = refused(pamu({ mode: "mainline" }));
    expect(error.code).toBe("no-backend");
    expect(error.message).toMatch(/no VFIO driver for its PAMU under type 7: .*answered 0/);
    expect(host.inspect.openDescriptors()).toEqual([]);
  });

  /** A mainline kernel with VFIO's Type1, whose SET_IOMMU and SET_CONTAINER succeed. */
  function mainline(): { readonly port: SimulatedHost["port"]; readonly host: SimulatedHost } {
    const host = simulatedHost(pamu({ mode: "mainline" }));
    const checkExtension = 0x2000_3b65;
    const setIommu = 0x2000_3b66;
    const asksType1 = (argument: unknown): number => (argument === 3 ? 1 : 0);
    const { port } = faultyPort(host.port, {
      faults: [
        {
          when: { request: checkExtension, times: Number.POSITIVE_INFINITY },
          what: { name: "has Type1v2", instead: ({ argument }) => asksType1(argument) },
        },
        {
          when: { request: setIommu, times: Number.POSITIVE_INFINITY },
          what: { name: "takes it", instead: () => 0 },
        },
      ],
    });
    return { port, host };
  }

  test("is refused with Type1 as well, and says what a device would reach", () => {
    const { port } = mainline();
    const open = (): unknown =>
      createIommu(port).openContainer({ groups: [2], backends: [fslPamu({ type: 7 })] });
    expect(thrown(open).message).toContain("gives a device all of the first 64 GiB of memory");
  });

  test("is opened by those who name it: no window, no mapping, and the record says so", () => {
    const { port } = mainline();
    const container = createIommu(port).openContainer({
      groups: [2],
      backends: [fslPamu({ type: 7 })],
      accept: ["no-isolation", "unsafe-interrupts"],
    });
    expect(container.capabilities["isolation"]).toMatchObject({ offered: false });
    expect(container.windows.list()).toEqual([]);
    expect(thrown(() => container.extension(PAMU)).code).toBe("not-offered");
    const iommu = createIommu(port);
    const memory = iommu.allocate(4096);
    expect(thrown(() => container.dma.map(iova(0), memory.address, memory.size, "read")).code).toBe(
      "outside-window",
    );
  });

  test("isolation alone is not all that it lacks", () => {
    const { port } = mainline();
    const open = (): unknown =>
      createIommu(port).openContainer({
        groups: [2],
        backends: [fslPamu({ type: 7 })],
        accept: ["no-isolation"],
      });
    expect(thrown(open).message).toContain("interrupt-isolation");
  });

  test("raw: it is true that the device reaches memory that nobody mapped", () => {
    const host = simulatedHost(pamu({ mode: "mainline" }));
    host.dma(DEVICE).read(0x1000n, new Uint8Array(16));
    expect(host.inspect.faults()).toEqual([]);
  });
});
