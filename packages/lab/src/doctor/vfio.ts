// Whether the kernel has VFIO, and whether this user may use it.

import { checkExtension } from "@iommukit/core";
import { errnoName, ioctlNumber } from "@iommukit/core/abi";
import { VFIO_GET_API_VERSION, VFIO_TYPE1v2_IOMMU } from "@iommukit/core/uapi";
import { exists, type Finding, ill, line, type Patient, well } from "./check.ts";

const CONTAINER = "/dev/vfio/vfio";

export function checkVfio(patient: Patient): readonly Finding[] {
  const { port } = patient;
  const fd = port.open(CONTAINER, "rw");
  if (fd < 0) return [cannotOpen(patient, errnoName(port.abi, -fd))];
  try {
    const version = port.ioctl(fd, ioctlNumber(port.abi, VFIO_GET_API_VERSION), 0);
    if (version !== 0)
      return [
        ill(
          "vfio",
          `${CONTAINER} answers API version ${version}`,
          "this library speaks version 0; use a mainline kernel",
        ),
      ];
    return [well("vfio", `${CONTAINER} opens, API version 0`), checkType1(patient, fd)];
  } finally {
    port.close(fd);
  }
}

function cannotOpen(patient: Patient, errno: string): Finding {
  if (errno === "EACCES" || errno === "EPERM")
    return ill(
      "vfio",
      `${CONTAINER} may not be opened by this user (${errno})`,
      `run as root, or give yourself the node: chgrp kvm ${CONTAINER} && chmod 0660 ${CONTAINER}`,
    );
  if (errno === "ENOENT" || errno === "ENODEV" || errno === "ENXIO")
    return exists(patient.port, "/sys/module/vfio")
      ? ill(
          "vfio",
          `VFIO is there, but ${CONTAINER} is not (${errno})`,
          "in a container, pass /dev/vfio in; else: modprobe vfio",
        )
      : ill("vfio", `the kernel has no VFIO (${errno})`, absent(patient));
  return ill(
    "vfio",
    `${CONTAINER} does not open (${errno})`,
    "see the kernel's log: dmesg | grep -i vfio",
  );
}

function absent({ port }: Patient): string {
  const release = line(port, "/proc/sys/kernel/osrelease");
  const modules = line(port, `/lib/modules/${release ?? ""}/modules.dep`);
  if (modules !== undefined && !/(^|\/)vfio\.ko/m.test(modules))
    return `this kernel (${release}) was built without VFIO: use a distribution's kernel, or build with CONFIG_VFIO`;
  return "load it: modprobe vfio-pci; if there is no such module, the kernel was built without CONFIG_VFIO";
}

function checkType1({ port, cpu }: Patient, container: number): Finding {
  if (checkExtension(port, container, VFIO_TYPE1v2_IOMMU) > 0)
    return well("vfio-type1", "the kernel has Type1v2");
  if (cpu === "other") return well("vfio-type1", "not on this architecture");
  return ill(
    "vfio-type1",
    "the kernel has no Type1v2 IOMMU driver loaded",
    "load it: modprobe vfio_iommu_type1",
  );
}

export function checkDriver({ port }: Patient): Finding {
  if (exists(port, "/sys/bus/pci/drivers/vfio-pci")) return well("vfio-pci", "loaded");
  return ill(
    "vfio-pci",
    "the driver that hands out PCI devices is not loaded",
    "load it: modprobe vfio-pci",
  );
}
