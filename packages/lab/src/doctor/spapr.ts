// What sPAPR TCE needs beside what VFIO needs everywhere: its driver, the groups' nodes, memory to lock.
//
// Changes nothing and holds nothing open.

import {
  checkExtension,
  formatSize,
  GiB,
  type GroupInfo,
  type KernelPort,
  MiB,
  readLockedMemory,
} from "@iommukit/core";
import { VFIO_SPAPR_TCE_IOMMU, VFIO_SPAPR_TCE_v2_IOMMU } from "@iommukit/core/uapi";
import { exists, type Finding, ill, type Patient, well } from "./check.ts";
import { isVfio } from "./groups.ts";

const CONTAINER = "/dev/vfio/vfio";
const MODULE = "/sys/module/vfio_iommu_spapr_tce";
/** The default window of bare metal: 16 bytes for each of its pages (docs/backends/spapr-tce.md). */
const DEFAULT_TABLE = 8n * BigInt(MiB);
/** v1 charges that window whole when it opens. */
const DEFAULT_WINDOW = 2n * BigInt(GiB);

/** On server POWER; nothing elsewhere. */
export function examineSpapr(patient: Patient): readonly Finding[] {
  const { port } = patient;
  if (!isServer(port)) return [];
  return [checkSpaprDriver(port), checkGroupNodes(patient), checkSpaprMemory(port)];
}

/** A QorIQ is 64-bit PowerPC too; its device tree has the `soc` that a server's has not. */
function isServer(port: KernelPort): boolean {
  if (port.abi.arch !== "ppc64le" && port.abi.arch !== "ppc64") return false;
  const nodes = port.list("/proc/device-tree");
  return typeof nodes === "number" || !nodes.some((node) => /^soc(@|$)/.test(node));
}

function checkSpaprDriver(port: KernelPort): Finding {
  const check = "vfio-spapr-tce";
  const versions = versionsOf(port);
  if (versions === undefined)
    return exists(port, MODULE)
      ? well(check, `loaded; ${CONTAINER} does not open, so it could not be asked`)
      : ill(check, `not loaded, and ${CONTAINER} does not open`, LOAD);
  if (versions.length > 0) return well(check, `the kernel has sPAPR TCE ${versions.join(" and ")}`);
  return ill(check, "the kernel has no sPAPR TCE IOMMU driver loaded", LOAD);
}

const LOAD =
  "load it: modprobe vfio_iommu_spapr_tce; if there is no such module, the kernel was built without CONFIG_VFIO_IOMMU_SPAPR_TCE";

/** What the driver says that it has; undefined where it cannot be asked. */
function versionsOf(port: KernelPort): readonly string[] | undefined {
  const fd = port.open(CONTAINER, "rw");
  if (fd < 0) return undefined;
  try {
    return [
      ...(checkExtension(port, fd, VFIO_SPAPR_TCE_v2_IOMMU) > 0 ? ["v2"] : []),
      ...(checkExtension(port, fd, VFIO_SPAPR_TCE_IOMMU) > 0 ? ["v1"] : []),
    ];
  } finally {
    port.close(fd);
  }
}

/** Each PE is a group, and its node is what a program opens. */
function checkGroupNodes({ port, groups }: Patient): Finding {
  const check = "spapr-groups";
  if (groups.length === 0)
    return ill(
      check,
      "no PCI host bridge has a group",
      "bare metal has one for each PE; an LPAR needs Linux 6.11 or later and a PCI device of its own",
    );
  const given = groups.filter(isGiven);
  if (given.length === 0)
    return well(check, `none of the ${groups.length} groups is VFIO's, so none has a node`);
  const nodes = port.list("/dev/vfio");
  const missing = given.filter(({ id }) => typeof nodes === "number" || !nodes.includes(`${id}`));
  if (missing.length === 0) return well(check, given.map(nodeOf).join(", "));
  return ill(
    check,
    `no ${missing.map(nodeOf).join(", ")} for a device that VFIO has`,
    `in a container, pass ${missing.map(nodeOf).join(" and ")} in; else look at udev and dmesg`,
  );
}

function isGiven({ devices }: GroupInfo): boolean {
  return devices.some(({ driver }) => isVfio(driver));
}

function nodeOf({ id }: Pick<GroupInfo, "id">): string {
  return `/dev/vfio/${id}`;
}

function checkSpaprMemory(port: KernelPort): Finding {
  const check = "spapr-memory";
  const { limit, locked = 0 } = readLockedMemory(port);
  if (limit === undefined) return well(check, "unknown: procfs does not tell");
  if (!Number.isFinite(limit)) return well(check, "no limit: v2 and v1 can open");
  const left = BigInt(Math.max(0, limit - locked));
  const found = `${formatSize(left)} may still be locked`;
  if (left < DEFAULT_TABLE)
    return ill(
      check,
      `${found}, and the table of the default window alone is ${formatSize(DEFAULT_TABLE)}`,
      RAISE,
    );
  if (left < DEFAULT_WINDOW + DEFAULT_TABLE)
    return well(
      check,
      `${found}: v2 charges what is registered and its tables; v1 would charge ${formatSize(DEFAULT_WINDOW)}`,
    );
  return well(check, `${found}: v2 and v1 can open`);
}

const RAISE =
  "raise it: ulimit -l unlimited, memlock in /etc/security/limits.conf, or LimitMEMLOCK= of a systemd unit";
