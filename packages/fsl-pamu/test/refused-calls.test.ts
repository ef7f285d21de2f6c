// Each call that the driver may refuse or answer oddly, once: the code, the hint, and what is left.

import { bytes, createIommu, type IommuError, iova, isIommuError } from "@iommukit/core";
import { fslPamu } from "@iommukit/fsl-pamu";
import { answers, type Fault, fails, faultyPort, type SimulatedHost } from "@iommukit/testkit";
import { describe, expect, test } from "vitest";
import { masked, memoryOf, thrown } from "./masked-pamu.ts";
import { compat, PAGE } from "./raw-pamu.ts";

const CALLS = {
  SET_IOMMU: 0x2000_3b66,
  MAP_DMA: 0x2000_3b71,
  UNMAP_DMA: 0x2000_3b72,
  GET_ATTR: 0x2000_3b73,
  SET_ATTR: 0x2000_3b74,
  GET_MSI_BANK_COUNT: 0x2000_3b75,
  MAP_MSI_BANK: 0x2000_3b76,
  UNMAP_MSI_BANK: 0x2000_3b77,
} as const;

function call(name: keyof typeof CALLS, what: Fault["what"], nth = 1): Fault {
  return { when: { request: CALLS[name], nth }, what };
}

/** GET_ATTR answers 0 with these bytes in the union. */
function tells(...union: readonly number[]): Fault["what"] {
  return {
    name: `tells ${union.join(" ")}`,
    after: ({ argument }, answer) => {
      if (argument instanceof Uint8Array) {
        const view = new DataView(argument.buffer, argument.byteOffset, argument.byteLength);
        for (const [index, value] of union.entries()) view.setUint32(16 + 4 * index, value);
      }
      return answer;
    },
  };
}

function opening(host: SimulatedHost, fault: Fault): IommuError {
  const { port } = faultyPort(host.port, { faults: [fault] });
  const open = (): unknown =>
    createIommu(port).openContainer({ groups: [2], backends: [fslPamu({ type: 7 })] });
  const { cause, message } = thrown(open);
  if (!isIommuError(cause)) throw new Error(message);
  return cause;
}

describe("opening", () => {
  test.each<[string, Fault, string, RegExp]>([
    ["SET_IOMMU: EINVAL", call("SET_IOMMU", fails(22)), "kernel-refused", /fsl,liodn/],
    ["SET_IOMMU: EIO", call("SET_IOMMU", fails(5)), "kernel-refused", /no PAMU domain/],
    ["SET_IOMMU: odd", call("SET_IOMMU", answers(1)), "kernel-misbehaved", /never should/],
    ["GET_ATTR: ENOTTY", call("GET_ATTR", fails(25)), "kernel-refused", /tell an attribute/],
    ["GET_ATTR: odd", call("GET_ATTR", answers(3)), "kernel-misbehaved", /never should/],
    ["0 windows", call("GET_ATTR", tells(0)), "kernel-misbehaved", /tells 0 windows/],
    ["3 windows", call("GET_ATTR", tells(3)), "kernel-misbehaved", /tells 3 windows/],
    [
      "windows that nobody wrote",
      call("GET_ATTR", answers(0)),
      "kernel-misbehaved",
      /4294967295 windows/,
    ],
    [
      "another geometry than was set",
      call("GET_ATTR", tells(0, 0, 0, 0xffff), 2),
      "kernel-refused",
      /did not take the geometry/,
    ],
    [
      "a geometry that ends before it begins",
      call("GET_ATTR", tells(0, 0x2000, 0, 0x1fff), 2),
      "kernel-misbehaved",
      /ends before it begins/,
    ],
    [
      "another number of windows than was set",
      call("GET_ATTR", tells(256), 3),
      "kernel-refused",
      /did not take the number of windows/,
    ],
    ["SET_ATTR: EBUSY", call("SET_ATTR", fails(16)), "kernel-refused", /take an attribute/],
    ["banks: ENOTTY", call("GET_MSI_BANK_COUNT", fails(25)), "kernel-refused", /MSI banks/],
    ["257 banks", call("GET_MSI_BANK_COUNT", answers(257)), "kernel-misbehaved", /257 MSI banks/],
  ])("%s", (_, fault, code, message) => {
    const host = compat();
    const error = opening(host, fault);
    expect(error.code).toBe(code);
    expect(error.message).toMatch(message);
    expect(host.inspect.openDescriptors()).toEqual([]);
    masked(host).container.close();
  });

  test("an SoC without MSI banks is one", () => {
    const world = masked(compat(), { faults: [call("GET_MSI_BANK_COUNT", answers(0))] });
    expect(world.pamu.msiBanks).toBe(0);
    expect(world.container.capabilities["msi-banks"]).toMatchObject({ offered: false });
    world.container.close();
  });
});

describe("mapping", () => {
  test.each<[number, string, RegExp]>([
    [12, "out-of-memory", /short of memory/],
    [14, "memory-fault", /contiguous in each window/],
    [16, "kernel-refused", /is the container shared/],
    [19, "kernel-refused", /no windows/],
    [22, "kernel-refused", /^$/],
  ])("errno %i is %s, and nothing is left", (errno, code, hint) => {
    const { container, host, iommu } = masked(compat(), {
      faults: [call("MAP_DMA", fails(errno))],
    });
    const memory = memoryOf(iommu, PAGE);
    const map = (): void => container.dma.map(iova(0), memory.address, memory.size, "read-write");
    const error = thrown(map);
    expect(error.code).toBe(code);
    expect(error.hint ?? "").toMatch(hint);
    expect([container.dma.mappings(), host.inspect.mappings()]).toEqual([[], []]);
    map();
    container.close();
  });

  test("ENOMEM over the limit of locked memory is named with its numbers", () => {
    const options = {
      process: { uid: 1000, capabilities: [], lockedMemoryLimit: 4 * PAGE },
      groupMode: 0o666,
    };
    const { container, iommu } = masked(compat({}, options));
    const memory = memoryOf(iommu, 8 * PAGE);
    container.dma.map(iova(0), memory.address, bytes(3 * PAGE), "read");
    const error = thrown(() =>
      container.dma.map(iova(16 * PAGE), memory.address, bytes(2 * PAGE), "read"),
    );
    expect(error).toMatchObject({
      code: "locked-memory-limit",
      facts: { lockedHere: BigInt(3 * PAGE), limit: 4 * PAGE },
    });
    expect(error.hint).toMatch(/ulimit -l/);
    container.dma.map(iova(16 * PAGE), memory.address, bytes(PAGE), "read");
    container.close();
  });

  test("an unmap that is refused stays counted; the asynchronous map is refused alike", async () => {
    const { container, host, iommu } = masked(compat(), {
      faults: [call("UNMAP_DMA", fails(22)), call("MAP_DMA", fails(14), 2)],
    });
    const memory = memoryOf(iommu, PAGE);
    container.dma.map(iova(0), memory.address, memory.size, "read-write");
    expect(thrown(() => container.dma.unmap(iova(0), memory.size)).operation).toBe(
      "VFIO_IOMMU_UNMAP_DMA",
    );
    expect([container.dma.mappings().length, host.inspect.mappings().length]).toEqual([1, 1]);
    const later = container.dma.mapInChunks(iova(PAGE), memory.address, memory.size, "read");
    await expect(later).rejects.toMatchObject({ code: "memory-fault" });
    await container.dma.mapInChunks(iova(PAGE), memory.address, memory.size, "read");
    expect(container.dma.mappings()).toHaveLength(2);
    container.close();
  });
});

describe("the default aperture's windows are made at their first use", () => {
  test("a refusal is told there, and the next use asks what became of it", () => {
    const swallowed = { name: "answers 0 and does nothing", instead: () => 0 };
    const { container, iommu, host } = masked(compat(), {
      faults: [call("SET_ATTR", swallowed, 3)],
    });
    const memory = memoryOf(iommu, PAGE);
    const map = (): void => container.dma.map(iova(0), memory.address, memory.size, "read");
    const error = thrown(map);
    expect(error.message).toContain("did not take the number of windows");
    expect(error.facts).toMatchObject({ windows: 256, has: 1 });
    map();
    expect(host.calls.get("VFIO_IOMMU_PAMU_SET_ATTR")).toBe(3);
    container.close();
  });

  test("taken, and the answer lost: it is not set a second time", () => {
    const { container, iommu, host } = masked(compat(), {
      faults: [call("GET_ATTR", fails(14), 6)],
    });
    const memory = memoryOf(iommu, PAGE);
    const map = (): void => container.dma.map(iova(0), memory.address, memory.size, "read");
    expect(thrown(map).code).toBe("kernel-refused");
    const before = host.calls.get("VFIO_IOMMU_PAMU_SET_ATTR");
    map();
    expect(host.calls.get("VFIO_IOMMU_PAMU_SET_ATTR")).toBe(before);
    container.close();
  });

  test("an aperture that changed behind the library's back is noticed when a group joins", () => {
    const { container } = masked(compat(), {
      faults: [call("GET_ATTR", tells(0, 0, 0, 0x1fff), 6)],
    });
    const error = thrown(() => container.control.attach(3));
    expect(error.message).toContain("the aperture is not the one that was set");
    expect(container.control.groups).toEqual([2]);
    container.close();
  });
});

describe("MSI banks and the stash target", () => {
  test("a bank that the driver refuses leaves its window free", () => {
    const { container, iommu, pamu } = masked(compat(), {
      faults: [call("MAP_MSI_BANK", fails(19)), call("UNMAP_MSI_BANK", fails(22))],
    });
    expect(thrown(() => pamu.mapMsiBank(0, iova(0))).code).toBe("kernel-refused");
    const memory = memoryOf(iommu, PAGE);
    container.dma.map(iova(0), memory.address, memory.size, "read");
    pamu.mapMsiBank(0, iova(PAGE));
    expect(thrown(() => pamu.unmapMsiBank(0)).code).toBe("kernel-refused");
    expect(pamu.msiWindows()).toHaveLength(1);
    pamu.unmapMsiBank(0);
    container.close();
  });

  test("a bank that cannot be unmapped does not keep the container from closing", () => {
    const { container, host, pamu } = masked(compat(), {
      faults: [call("UNMAP_MSI_BANK", fails(5))],
    });
    pamu.mapMsiBank(0, iova(0));
    pamu.mapMsiBank(1, iova(PAGE));
    const error = thrown(() => container.close());
    expect(error.code).toBe("close-failed");
    expect(error.message).toContain("did not unmap an MSI bank");
    expect(host.inspect.openDescriptors()).toEqual([]);
  });

  test("a target that the driver does not tell back was not taken", () => {
    const { container, pamu } = masked(compat(), {
      faults: [call("GET_ATTR", tells(3, 2), 7)],
    });
    const error = thrown(() => pamu.setStash({ cpu: 3, cache: "L1" }));
    expect(error.facts).toMatchObject({ cpu: 3, cache: 1, hasCpu: 3, hasCache: 2 });
    container.close();
  });
});
