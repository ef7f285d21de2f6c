// The doctor on server POWER: the driver, the groups' nodes and the memory that sPAPR TCE needs.

import { createIommu, type KernelPort } from "@iommukit/core";
import { pamu, powernv, pseries, simulatedHost, vtd } from "@iommukit/testkit";
import { describe, expect, test } from "vitest";
import { type ScriptedMachine, scriptedPort } from "../../test/scripted-port.ts";
import type { Finding } from "./check.ts";
import { examineHost } from "./examine.ts";
import { examineSpapr } from "./spapr.ts";

const GROUP = "/sys/kernel/iommu_groups/7/devices/0000:00:02.0/driver";
const MIB = 1024 * 1024;

function limits(soft: number | "unlimited"): string {
  return `Max locked memory         ${String(soft).padEnd(21)}${String(soft).padEnd(21)}bytes     \n`;
}

const STATUS = "VmLck:\t       0 kB\nCapEff:\t0000000000000000\n";
/** A POWER host on which all is well: V2 and V1 are offered, group 7 is VFIO's. */
const WELL: ScriptedMachine = {
  arch: "ppc64le",
  files: { "/proc/self/limits": limits("unlimited"), "/proc/self/status": STATUS },
  links: { [GROUP]: "../../../../bus/pci/drivers/vfio-pci" },
  folders: ["/dev/vfio/vfio", "/dev/vfio/7"],
  opens: { "/dev/vfio/vfio": 3 },
  ioctl: (_, extension) => (extension === 7 || extension === 2 ? 1 : 0),
};

function findings(changes: ScriptedMachine = {}): readonly Finding[] {
  const port = scriptedPort({ ...WELL, ...changes });
  const groups = createIommu(port).readGroups();
  const found = examineSpapr({ port, groups, cpu: "other" });
  expect(port.stillOpen.size).toBe(0);
  for (const { ok, remedy } of found) if (!ok) expect(remedy).toBeTypeOf("string");
  return found;
}

function finding(check: string, changes: ScriptedMachine = {}): Finding | undefined {
  return findings(changes).find((each) => each.check === check);
}

test("default: a sound POWER host", () => {
  expect(findings()).toEqual([
    {
      check: "vfio-spapr-tce",
      ok: true,
      found: "the kernel has sPAPR TCE v2 and v1",
      remedy: null,
    },
    { check: "spapr-groups", ok: true, found: "/dev/vfio/7", remedy: null },
    { check: "spapr-memory", ok: true, found: "no limit: v2 and v1 can open", remedy: null },
  ]);
});

describe("the driver", () => {
  test("error: not loaded", () => {
    expect(finding("vfio-spapr-tce", { ioctl: () => 0 })).toMatchObject({
      ok: false,
      remedy: expect.stringContaining("modprobe vfio_iommu_spapr_tce"),
    });
    expect(finding("vfio-spapr-tce", { opens: {} })).toMatchObject({
      ok: false,
      remedy: expect.stringContaining("modprobe vfio_iommu_spapr_tce"),
    });
  });

  test("behavior: loaded, and this user may not ask it", () => {
    const changes = { opens: {}, folders: ["/sys/module/vfio_iommu_spapr_tce"] };
    expect(finding("vfio-spapr-tce", changes)).toMatchObject({
      ok: true,
      found: expect.stringContaining("could not be asked"),
    });
  });

  test("behavior: one version alone is named", () => {
    const ioctl: ScriptedMachine["ioctl"] = (_, extension) => (extension === 7 ? 1 : 0);
    expect(finding("vfio-spapr-tce", { ioctl })?.found).toBe("the kernel has sPAPR TCE v2");
  });
});

describe("the groups' nodes", () => {
  test("error: no group at all", () => {
    expect(finding("spapr-groups", { links: {} })).toMatchObject({
      ok: false,
      remedy: expect.stringContaining("Linux 6.11"),
    });
  });

  test.each([
    ["there is no such node", ["/dev/vfio/vfio", "/dev/vfio/8"]],
    ["there is no node at all", []],
  ])("error: %s", (_, folders) => {
    expect(finding("spapr-groups", { folders })).toMatchObject({
      ok: false,
      found: expect.stringContaining("no /dev/vfio/7"),
      remedy: expect.stringContaining("pass /dev/vfio/7 in"),
    });
  });

  test("behavior: groups that nobody gave to VFIO have no nodes, and lack none", () => {
    const links = { [GROUP]: "../../../../bus/pci/drivers/e1000e" };
    expect(finding("spapr-groups", { links, folders: [] })).toMatchObject({
      ok: true,
      found: "none of the 1 groups is VFIO's, so none has a node",
    });
  });
});

describe("the memory that can be locked", () => {
  test.each([
    [4 * MIB, false, /4 MiB may still be locked, .* alone is 8 MiB/],
    [8 * MIB, true, /v1 would charge 2 GiB/],
    [2048 * MIB, true, /v1 would charge 2 GiB/],
    [2056 * MIB, true, /v2 and v1 can open/],
  ])("a limit of %i", (soft, ok, text) => {
    const files = { ...WELL.files, "/proc/self/limits": limits(soft) };
    const found = finding("spapr-memory", { files });
    expect(found).toMatchObject({ ok, found: expect.stringMatching(text) });
  });

  test("error: what is locked already counts", () => {
    const status = STATUS.replace("       0 kB", "    8192 kB");
    const files = { "/proc/self/limits": limits(12 * MIB), "/proc/self/status": status };
    expect(finding("spapr-memory", { files })).toMatchObject({
      ok: false,
      remedy: expect.stringContaining("ulimit -l"),
    });
  });

  test("behavior: a procfs that does not tell is no defect", () => {
    expect(finding("spapr-memory", { files: {} })).toMatchObject({ ok: true, remedy: null });
  });
});

describe("simulated hosts", () => {
  const checks = (port: KernelPort): readonly string[] =>
    examineHost(() => port).map(({ check }) => check);
  const spapr = ["vfio-spapr-tce", "spapr-groups", "spapr-memory"];

  test.each([powernv, pseries])("default: a POWER one, after what all need", (machine) => {
    const host = simulatedHost(machine());
    expect(checks(host.port).slice(-3)).toEqual(spapr);
    expect(examineHost(() => host.port).filter(({ ok }) => !ok)).toEqual([]);
    expect(host.inspect.openDescriptors()).toEqual([]);
  });

  test("error: a POWER one for a user with a low limit", () => {
    const process = { uid: 1000, capabilities: [], lockedMemoryLimit: 65_536 };
    const { port } = simulatedHost(powernv(), { process, groupMode: 0o666 });
    const lacking = examineHost(() => port).filter(({ ok }) => !ok);
    expect(lacking.map(({ check }) => check)).toEqual(["locked-memory", "spapr-memory"]);
  });

  test.each([vtd, pamu])("behavior: others are not asked for sPAPR", (machine) => {
    expect(checks(simulatedHost(machine()).port)).not.toContain("vfio-spapr-tce");
  });

  test("error: without a Linux port there is nothing more to ask", () => {
    const found = examineHost(() => {
      throw new Error("no Linux here");
    });
    expect(found.map(({ check }) => check)).toEqual(["platform"]);
  });
});
