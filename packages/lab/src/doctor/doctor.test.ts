import type { KernelPort } from "@iommukit/core";
import { abiProfile, type ErrnoName, errnoNumber } from "@iommukit/core/abi";
import { amdvi, simulatedHost, vtd } from "@iommukit/testkit";
import { describe, expect, test } from "vitest";
import { recordingTerminal } from "../../test/recording-terminal.ts";
import { type ScriptedMachine, scriptedPort } from "../../test/scripted-port.ts";
import { findingsText } from "../cli/doctor.ts";
import type { Finding } from "./check.ts";
import { examine, examineHost } from "./examine.ts";

const ABI = abiProfile("x86_64", 4096);
const failure = (name: ErrnoName): number => -errnoNumber(ABI, name);

const GROUP = "/sys/kernel/iommu_groups/7/devices/0000:00:02.0";
const GIB = 1024 * 1024 * 1024;

function limits(soft: number | "unlimited"): string {
  return `Limit                     Soft Limit           Hard Limit           Units     \nMax locked memory         ${String(soft).padEnd(21)}${String(soft).padEnd(21)}bytes     \n`;
}

function status(capabilities = "0000000000000000"): string {
  return `VmLck:\t       0 kB\nVmPin:\t       0 kB\nCapEff:\t${capabilities}\n`;
}

/** A machine on which all is well; each test takes something away. */
const WELL: Required<Pick<ScriptedMachine, "files" | "links" | "folders" | "opens" | "ioctl">> = {
  files: {
    "/proc/cpuinfo": "processor\t: 0\nvendor_id\t: GenuineIntel\n",
    "/proc/cmdline": "quiet intel_iommu=on\n",
    "/proc/interrupts": "  8:  0  IR-IO-APIC    8-edge  rtc0\n",
    "/proc/self/limits": limits(GIB),
    "/proc/self/status": status(),
    "/sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages": "64\n",
  },
  links: { [`${GROUP}/driver`]: "../../../../bus/pci/drivers/vfio-pci" },
  folders: ["/sys/bus/pci/drivers/vfio-pci", "/sys/module/vfio"],
  opens: { "/dev/vfio/vfio": 3, "/dev/vfio/7": 4 },
  ioctl: (request) => (request === 0x3b64 ? 0 : 1),
};

interface Changes {
  readonly files?: Readonly<Record<string, string | undefined>>;
  readonly links?: Readonly<Record<string, string>>;
  readonly folders?: readonly string[];
  readonly opens?: Readonly<Record<string, number>>;
  readonly ioctl?: ScriptedMachine["ioctl"];
  readonly arch?: ScriptedMachine["arch"];
}

function findings(changes: Changes = {}): readonly Finding[] {
  const files = Object.entries({ ...WELL.files, ...changes.files });
  const port = scriptedPort({
    ...WELL,
    ...(changes.links && { links: changes.links }),
    ...(changes.folders && { folders: changes.folders }),
    ...(changes.ioctl && { ioctl: changes.ioctl }),
    ...(changes.arch && { arch: changes.arch }),
    opens: { ...WELL.opens, ...changes.opens },
    files: Object.fromEntries(
      files.filter((entry): entry is [string, string] => entry[1] !== undefined),
    ),
  });
  const found = examine(port);
  expect(port.stillOpen.size).toBe(0);
  for (const { ok, remedy } of found) if (!ok) expect(remedy).toBeTypeOf("string");
  return found;
}

function lacking(changes: Changes): readonly string[] {
  return findings(changes)
    .filter(({ ok }) => !ok)
    .map(({ check }) => check);
}

function finding(check: string, changes: Changes): Finding | undefined {
  return findings(changes).find((candidate) => candidate.check === check);
}

test("default: all is well, each check once", () => {
  const found = findings();
  expect(found.filter(({ ok }) => !ok)).toEqual([]);
  expect(found.map(({ check }) => check)).toEqual([
    "iommu",
    "vfio",
    "vfio-type1",
    "vfio-pci",
    "group-7",
    "interrupt-remapping",
    "no-iommu-mode",
    "locked-memory",
    "huge-pages",
  ]);
});

describe("iommu", () => {
  test.each([
    ["GenuineIntel", "quiet", "intel_iommu=on"],
    ["GenuineIntel", "intel_iommu=on", "firmware"],
    ["AuthenticAMD", "quiet", "amd_iommu=off"],
    ["Unknown", "", "firmware"],
  ])("error: off with %s and %j: %s", (vendor, words, remedy) => {
    const files = { "/proc/cpuinfo": `vendor_id\t: ${vendor}\n`, "/proc/cmdline": words };
    expect(finding("iommu", { files, links: {} })).toMatchObject({
      ok: false,
      remedy: expect.stringContaining(remedy),
    });
  });

  test("behavior: the word that switched it off is named", () => {
    const files = { "/proc/cmdline": "quiet intel_iommu=off iommu=pt" };
    expect(finding("iommu", { files, links: {} })?.found).toContain("has intel_iommu=off)");
  });
});

describe("vfio", () => {
  test.each<[ErrnoName, string[], string]>([
    ["ENOENT", [], "modprobe vfio-pci"],
    ["ENODEV", [], "modprobe vfio-pci"],
    ["ENOENT", ["/sys/module/vfio"], "pass /dev/vfio in"],
    ["EACCES", ["/sys/module/vfio"], "chgrp"],
    ["EPERM", ["/sys/module/vfio"], "chgrp"],
    ["EIO", ["/sys/module/vfio"], "dmesg"],
  ])("error: %s with %j: %s", (errno, folders, remedy) => {
    const opens = { "/dev/vfio/vfio": failure(errno) };
    const found = finding("vfio", { opens, folders });
    expect(found).toMatchObject({ ok: false, remedy: expect.stringContaining(remedy) });
    expect(found?.found).toContain(errno);
  });

  test("behavior: a kernel without the module is told from one that did not load it", () => {
    const opens = { "/dev/vfio/vfio": failure("ENOENT") };
    const release = { "/proc/sys/kernel/osrelease": "6.12\n" };
    const without = { ...release, "/lib/modules/6.12/modules.dep": "kernel/fs/ext4.ko:\n" };
    const having = {
      ...release,
      "/lib/modules/6.12/modules.dep": "kernel/drivers/vfio/vfio.ko.xz:\n",
    };
    expect(finding("vfio", { opens, folders: [], files: without })?.remedy).toContain(
      "built without VFIO",
    );
    expect(finding("vfio", { opens, folders: [], files: having })?.remedy).toContain("modprobe");
  });

  test("error: another API version, and no Type1v2", () => {
    expect(lacking({ ioctl: () => 1 })).toEqual(["vfio"]);
    expect(finding("vfio-type1", { ioctl: () => 0 })?.remedy).toContain("vfio_iommu_type1");
  });

  test("error: no vfio-pci driver", () => {
    expect(lacking({ folders: ["/sys/module/vfio"] })).toEqual(["vfio-pci"]);
  });
});

describe("groups", () => {
  const other = "/sys/kernel/iommu_groups/7/devices/0000:00:02.1/driver";

  test("error: not viable, with who holds it", () => {
    const links = { ...WELL.links, [other]: "../../../../bus/pci/drivers/e1000e" };
    expect(finding("group-7", { links })).toEqual({
      check: "group-7",
      ok: false,
      found: "not viable: 0000:00:02.1 is held by e1000e",
      remedy: "bind 0000:00:02.1 to vfio-pci as well, or unbind the driver",
    });
  });

  test.each<[ErrnoName, boolean, string | null]>([
    ["EACCES", false, "chown"],
    ["EBUSY", true, null],
    ["ENOENT", false, "dmesg"],
  ])("behavior: a node that answers %s", (errno, ok, remedy) => {
    const found = finding("group-7", { opens: { "/dev/vfio/7": failure(errno) } });
    expect(found).toMatchObject({
      ok,
      remedy: remedy === null ? null : expect.stringContaining(remedy),
    });
  });

  test("behavior: no device given to VFIO is no lack, but there is something to do", () => {
    const links = { [`${GROUP}/driver`]: "../../../../bus/pci/drivers/e1000e" };
    expect(finding("groups", { links })).toMatchObject({
      ok: true,
      remedy: expect.stringContaining("driver_override"),
    });
  });
});

describe("interrupts and isolation", () => {
  const UNSAFE = "/sys/module/vfio_iommu_type1/parameters/allow_unsafe_interrupts";
  test("error: no remapping; unsafe interrupts allowed; no-IOMMU mode", () => {
    const plainInterrupts = { "/proc/interrupts": "  8:  0  IO-APIC    8-edge  rtc0\n" };
    expect(lacking({ files: plainInterrupts })).toEqual(["interrupt-remapping"]);
    expect(finding("interrupt-remapping", { files: { [UNSAFE]: "Y\n" } })?.found).toContain(
      "unsafe",
    );
    const noIommu = { "/sys/module/vfio/parameters/enable_unsafe_noiommu_mode": "Y\n" };
    expect(lacking({ files: noIommu })).toEqual(["no-iommu-mode"]);
  });

  test("behavior: unknown where it cannot be read, no question on POWER", () => {
    expect(
      finding("interrupt-remapping", { files: { "/proc/interrupts": undefined } })?.found,
    ).toContain("unknown");
    const power = { "/proc/cpuinfo": "cpu\t: POWER9\n" };
    expect(finding("interrupt-remapping", { files: power, arch: "ppc64le" })?.found).toContain(
      "not a question",
    );
    const ioctl: ScriptedMachine["ioctl"] = () => 0;
    expect(finding("vfio-type1", { files: power, arch: "ppc64le", ioctl })?.ok).toBe(true);
  });
});

describe("memory", () => {
  test.each([
    [65_536, "0000000000000000", false, "64 KiB"],
    [8 * 1024 * 1024, "0000000000000000", false, "8 MiB"],
    [64 * 1024 * 1024, "0000000000000000", true, "64 MiB"],
    ["unlimited", "0000000000000000", true, "unlimited"],
    [65_536, "000001ffffffffff", true, "CAP_IPC_LOCK"],
  ] as const)(
    "default: a limit of %s with capabilities %s: ok is %s",
    (soft, capabilities, ok, found) => {
      const files = {
        "/proc/self/limits": limits(soft),
        "/proc/self/status": status(capabilities),
      };
      expect(finding("locked-memory", { files })).toMatchObject({
        ok,
        found: expect.stringContaining(found),
      });
    },
  );

  test("behavior: procfs that does not tell is no lack", () => {
    expect(finding("locked-memory", { files: { "/proc/self/limits": undefined } })).toMatchObject({
      ok: true,
    });
  });

  test("behavior: huge pages are never a lack", () => {
    const none = { "/sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages": "0\n" };
    expect(finding("huge-pages", { files: none })).toMatchObject({
      ok: true,
      remedy: expect.stringContaining("nr_hugepages"),
    });
    expect(finding("huge-pages", {})?.found).toBe("free: 64 of 2 MiB");
    const absent = { "/sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages": undefined };
    expect(finding("huge-pages", { files: absent })).toMatchObject({ ok: true, remedy: null });
  });
});

describe("simulated hosts in many states", () => {
  const problems = (port: KernelPort): readonly string[] =>
    examine(port)
      .filter(({ ok }) => !ok)
      .map(({ check }) => check);

  test.each([vtd, amdvi])(
    "default: a sound one lacks nothing, and nothing stays open",
    (machine) => {
      const host = simulatedHost(machine());
      expect(problems(host.port)).toEqual([]);
      expect(host.inspect.openDescriptors()).toEqual([]);
    },
  );

  test("error: a group with an ordinary driver in it", () => {
    const { port } = simulatedHost(vtd(), { sharedGroup: "kernel-driver" });
    expect(problems(port)).toEqual(["group-4"]);
  });

  test("error: VFIO absent, or without Type1", () => {
    expect(problems(simulatedHost(vtd(), { vfio: "absent" }).port)).toContain("vfio");
    expect(problems(simulatedHost(vtd(), { vfio: "without-type1" }).port)).toContain("vfio-type1");
  });

  test("error: a user without rights on the groups, and with a low limit", () => {
    const process = { uid: 1000, lockedMemoryLimit: 65_536 };
    const found = problems(simulatedHost(vtd(), { process }).port);
    expect(found).toEqual(["group-2", "group-3", "group-4", "locked-memory"]);
  });
});

test("error: a machine without a Linux port is one finding", () => {
  const found = examineHost(() => {
    throw new Error("no Linux here");
  });
  expect(found).toEqual([
    {
      check: "platform",
      ok: false,
      found: "no Linux here",
      remedy: expect.stringContaining("demo"),
    },
  ]);
});

test("default: findings for people", () => {
  const terminal = recordingTerminal();
  const text = findingsText(findings({ folders: ["/sys/module/vfio"] }), terminal);
  expect(text).toMatch(/^lack {2}vfio-pci +the driver/m);
  expect(text).toMatch(/^ +→ load it: modprobe vfio-pci$/m);
  expect(text).toMatch(/1 of 9 checks found something lacking\n$/);
  expect(findingsText(findings(), terminal)).toMatch(/VFIO is ready on this machine\n$/);
});
