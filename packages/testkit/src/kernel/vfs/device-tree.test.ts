import { describe, expect, test } from "vitest";
import { pamu } from "../../machines/pamu.ts";
import { simulatedHost } from "../../machines/simulated-host.ts";
import { vtd } from "../../machines/vtd.ts";
import { cells, strings } from "./device-tree.ts";

test("values are big-endian cells and strings with their NUL", () => {
  expect([...cells(1, 0x2000_3b64)]).toEqual([0, 0, 0, 1, 0x20, 0, 0x3b, 0x64]);
  expect([...strings("a", "bc")]).toEqual([0x61, 0, 0x62, 0x63, 0]);
});

describe("on a QorIQ", () => {
  const { port } = simulatedHost(pamu({ soc: "p4080" }));

  test("/proc/device-tree is a link to the tree in sysfs", () => {
    expect(port.readLink("/proc/device-tree")).toBe("/sys/firmware/devicetree/base");
    expect(port.readText("/proc/device-tree/compatible")).toBe("fsl,P4080DS\0");
    expect(port.list("/sys/firmware/devicetree/base")).toEqual(port.list("/proc/device-tree"));
  });

  test("one node covers all PAMUs, and each controller names its LIODN", () => {
    const soc = "/proc/device-tree/soc@fe000000";
    expect(port.readText(`${soc}/iommu@20000/reg`)).toBe("\0\x02\0\0\0\0\x50\0");
    const names = port.list(`${soc}/iommu@20000`);
    expect(typeof names === "number" ? [] : names.filter((name) => /^pamu\d$/.test(name))).toEqual([
      "pamu0",
      "pamu1",
      "pamu2",
      "pamu3",
      "pamu4",
    ]);
    const liodns = [0, 1, 2].map((controller) =>
      port.readText(`/proc/device-tree/pcie@ffe20${controller}000/fsl,liodn`),
    );
    expect(liodns).toEqual(["\0\0\0\x10", "\0\0\0\x20", "\0\0\0\x30"]);
  });

  test("each CPU has its number and the stash id of its cache", () => {
    const cpu = "/proc/device-tree/cpus/PowerPC,e500mc@3";
    expect(port.readText(`${cpu}/reg`)).toBe("\0\0\0\x03");
    expect(port.readText(`${cpu}/cache-stash-id`)).toBe("\0\0\0\x26");
    expect(port.readText(`${cpu}/l2-cache/cache-stash-id`)).toBe("\0\0\0\x27");
  });

  test("properties cannot be written, and what is not there is not found", () => {
    expect(port.writeText("/proc/device-tree/model", "x")).toBeLessThan(0);
    expect(port.list("/proc/device-tree/soc@0")).toBe(-2);
  });
});

test("a PC has none", () => {
  expect(simulatedHost(vtd()).port.list("/proc/device-tree")).toBe(-2);
});
