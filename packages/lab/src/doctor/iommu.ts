// Whether an IOMMU is on, and whether it also remaps interrupts.

import { type Finding, ill, line, type Patient, well } from "./check.ts";

/** Without groups there is nothing that VFIO could hand out. */
export function checkIommu(patient: Patient): Finding {
  const { groups } = patient;
  if (groups.length > 0) return well("iommu", `on, ${groups.length} groups`);
  return ill("iommu", `off: the kernel has no IOMMU group${switchedOff(patient)}`, remedy(patient));
}

function switchedOff({ port }: Patient): string {
  const words = (line(port, "/proc/cmdline") ?? "").split(" ");
  const off = words.filter((word) => /^(intel_iommu|amd_iommu|iommu)=(.*,)?off\b/.test(word));
  return off.length === 0 ? "" : ` (the kernel's command line has ${off.join(" ")})`;
}

function remedy({ cpu, port }: Patient): string {
  const words = line(port, "/proc/cmdline") ?? "";
  if (cpu === "amd")
    return "enable the IOMMU (AMD-Vi, SVM) in the firmware, and take amd_iommu=off or iommu=off off the kernel's command line";
  if (cpu === "intel" && words.includes("intel_iommu=on"))
    return "enable VT-d in the firmware: the kernel was told intel_iommu=on and found none";
  if (cpu === "intel")
    return "enable VT-d in the firmware, and put intel_iommu=on on the kernel's command line";
  return "enable the IOMMU in the firmware; in a virtual machine, give it one";
}

const UNSAFE = "/sys/module/vfio_iommu_type1/parameters/allow_unsafe_interrupts";

/** Without remapping a device can send any interrupt, and so reach beyond its isolation. */
export function checkInterrupts({ port, cpu }: Patient): Finding {
  const check = "interrupt-remapping";
  if (cpu === "other") return well(check, "not a question on this architecture");
  const interrupts = line(port, "/proc/interrupts");
  if (line(port, UNSAFE) === "Y")
    return ill(
      check,
      "unsafe interrupts are allowed: a device may raise any interrupt of this machine",
      "enable interrupt remapping in the firmware and unset vfio_iommu_type1.allow_unsafe_interrupts",
    );
  if (interrupts === undefined) return well(check, "unknown: /proc/interrupts cannot be read");
  if (/\sIR-|\bIR-(IO-APIC|PCI-MSI)/.test(interrupts)) return well(check, "on");
  return ill(
    check,
    "off: VFIO refuses groups whose devices could raise any interrupt",
    "enable interrupt remapping (x2APIC, VT-d) in the firmware; to accept the risk: vfio_iommu_type1.allow_unsafe_interrupts=1",
  );
}

const NO_IOMMU = "/sys/module/vfio/parameters/enable_unsafe_noiommu_mode";

/** Isolation that is off must be seen. */
export function checkNoIommu({ port }: Patient): Finding {
  if (line(port, NO_IOMMU) !== "Y") return well("no-iommu-mode", "off");
  return ill(
    "no-iommu-mode",
    "on: devices without an IOMMU can be opened, and then reach all memory",
    "unload vfio or set enable_unsafe_noiommu_mode=N, unless that is what you want",
  );
}
