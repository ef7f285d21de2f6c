import { createIommu } from "@iommukit/core";
import { VFIO_SPAPR_TCE_v2_IOMMU } from "@iommukit/core/uapi";
import { describe, expect, test } from "vitest";
import { scriptedPort } from "../../test/scripted-port.ts";
import { openSimulated } from "../sim/machines.ts";
import { SIMULATED } from "../sim/names.ts";
import { demonstrate } from "./scenario.ts";
import { spaprProbe } from "./spapr-probe.ts";

describe.each(SIMULATED)("$name", ({ name }) => {
  test("default: the copy arrives, nothing else does, nothing is left open", () => {
    const result = demonstrate(openSimulated(name, undefined));
    expect(result).toMatchObject({
      target: name,
      ok: true,
      backend: "type1v2",
      bytesCopied: 65_536,
      leftBehind: 0,
      refused: [{ backend: "spapr-tce-v2", reasons: [expect.stringContaining("no sPAPR TCE v2")] }],
    });
    expect(result.windows.length).toBeGreaterThan(0);
    expect(result.blocked).toHaveLength(5);
    for (const { bytesChanged, faults } of result.blocked) {
      expect(bytesChanged).toBe(0);
      expect(faults).toBeGreaterThan(0);
    }
    expect(result.calls["VFIO_IOMMU_MAP_DMA"]).toBe(2);
  });

  test("behavior: the same in every run, from JSON and back", () => {
    const twice = [1, 2].map(() => demonstrate(openSimulated(name, 5)));
    expect(twice[0]).toEqual(twice[1]);
    expect(JSON.parse(JSON.stringify(twice[0]))).toEqual(twice[0]);
  });
});

test("error: an unknown simulated host", () => {
  expect(() => openSimulated("sim/none", undefined)).toThrow("sim/none");
});

describe("the sPAPR probe", () => {
  const asked: number[] = [];
  const port = (answer: number) =>
    scriptedPort({
      ioctl: (_request, argument) => {
        asked.push(argument);
        return answer;
      },
    });

  test("default: asks for extension 7 and refuses with what the kernel answered", () => {
    expect(spaprProbe().probe({ port: port(0), container: 3, groups: () => [7] })).toEqual({
      usable: false,
      reason: expect.stringContaining("answered 0"),
    });
    expect(asked).toEqual([VFIO_SPAPR_TCE_v2_IOMMU]);
  });

  test("behavior: where sPAPR exists, it says that it is no driver", () => {
    const context = { port: port(1), container: 3, groups: () => [7] };
    expect(spaprProbe().probe(context)).toEqual({ usable: true });
    expect(() => spaprProbe().open(context)).toThrow(
      expect.objectContaining({ code: "not-offered" }),
    );
  });

  test("behavior: alone, negotiation fails with its reason", () => {
    const { port: simulated, devices } = openSimulated("sim/vtd", undefined);
    const groups = devices.slice(0, 1).map(({ group }) => group);
    expect(() =>
      createIommu(simulated).openContainer({ groups, backends: [spaprProbe()] }),
    ).toThrow(expect.objectContaining({ code: "no-backend" }));
  });
});
