// Whether devices were given to VFIO, and whether their groups can be used.

import type { GroupInfo } from "@iommukit/core";
import { errnoName } from "@iommukit/core/abi";
import { type Finding, ill, type Patient, well } from "./check.ts";

/** One finding for each group that has a device for VFIO; one in all when there is none. */
export function checkGroups(patient: Patient): readonly Finding[] {
  const { groups } = patient;
  const wanted = groups.filter(({ devices }) => devices.some(({ driver }) => isVfio(driver)));
  if (wanted.length > 0) return wanted.map((group) => checkGroup(patient, group));
  if (groups.length === 0) return [];
  return [
    well(
      "groups",
      "no device is bound to VFIO",
      "give one to VFIO: echo vfio-pci > /sys/bus/pci/devices/ADDRESS/driver_override, unbind its driver, then echo ADDRESS > /sys/bus/pci/drivers_probe",
    ),
  ];
}

function checkGroup({ port }: Patient, { id, devices }: GroupInfo): Finding {
  const check = `group-${id}`;
  const blocking = devices.filter(({ blocks }) => blocks);
  if (blocking.length > 0)
    return ill(
      check,
      `not viable: ${blocking.map(({ address, driver }) => `${address} is held by ${driver ?? "a driver"}`).join(", ")}`,
      `bind ${blocking.map(({ address }) => address).join(" and ")} to vfio-pci as well, or unbind the driver`,
    );
  const node = `/dev/vfio/${id}`;
  const fd = port.open(node, "rw");
  if (fd >= 0) {
    port.close(fd);
    return well(check, `usable: ${devices.map(({ address }) => address).join(", ")}`);
  }
  return cannotOpen(check, node, errnoName(port.abi, -fd));
}

function cannotOpen(check: string, node: string, errno: string): Finding {
  if (errno === "EACCES" || errno === "EPERM")
    return ill(
      check,
      `${node} may not be opened by this user (${errno})`,
      `run as root, or give yourself the node: chown $USER ${node}`,
    );
  if (errno === "EBUSY") return well(check, `in use: ${node} is open in another process`);
  return ill(
    check,
    `${node} does not open (${errno})`,
    "bind the group's device to vfio-pci again, and see dmesg",
  );
}

/** Whether a driver of this name serves VFIO: `vfio-pci`, a vendor's variant of it, `vfio-platform`. */
export function isVfio(driver: string | undefined): boolean {
  return driver !== undefined && /(^|[-_])vfio([-_]|$)/.test(driver);
}
