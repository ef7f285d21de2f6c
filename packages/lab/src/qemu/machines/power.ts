/**
 * The POWER machines: a POWER9 host (bare metal, PHB4) and a logical partition.
 *
 * Device addresses are fixed, so that programs and recorded results can name them. Each `edu` is
 * behind a host bridge of its own, for there a group is what stands behind one bridge (pseries) or
 * one bus (powernv). The first host bridge serves the guest.
 */

import type { AssignableDevice, Machine, ModuleToLoad } from "../machine.ts";
import { QEMU_PPC } from "../tools.ts";

/** Also modules that Debian builds in: another kernel may not. */
const MODULES: readonly ModuleToLoad[] = [
  { name: "virtio_pci" },
  { name: "virtio_console" },
  { name: "9pnet_virtio" },
  { name: "9p" },
  { name: "overlay" },
  { name: "vfio" },
  { name: "vfio_iommu_spapr_tce" },
  { name: "vfio_pci" },
];

const POWER = {
  qemu: QEMU_PPC,
  arch: "ppc64",
  debianArchitecture: "ppc64el",
  memoryMiB: 2048,
  console: "hvc0",
  modules: MODULES,
} as const;

const KERNEL_4K = "linux-image-powerpc64le";
const KERNEL_64K = "linux-image-powerpc64le-64k";

/** By default the device reaches 28 bits of address only; a dynamic window begins at bit 59. */
const WIDE = "dma_mask=0xffffffffffffffff";

/**
 * Three of the PHBs that a POWER9 has: each takes skiboot 1.5 s. Without the management controller,
 * which -nodefaults leaves out too, the firmware cannot switch the machine off.
 *
 * Each `edu` has a second function beside it that no driver takes, so that the group stays viable:
 * VFIO then resets nothing. Alone on its bus it would be reset with the whole bus at its first open
 * and its last close, for which kernel and firmware sleep 5 s each time.
 */
const POWERNV_HARDWARE: readonly string[] = [
  ...["-M", "powernv9"],
  ...["-device", "ipmi-bmc-sim,id=bmc0", "-device", "isa-ipmi-bt,bmc=bmc0,irq=10"],
  ...[0, 1, 2].flatMap((index) => [
    ...["-device", `pnv-phb,chip-id=0,index=${index},id=phb${index}`],
    ...["-device", `pnv-phb-root-port,bus=phb${index},id=pcie.${index}`],
  ]),
  ...[1, 2].flatMap((index) => ["-device", `pci-testdev,bus=pcie.${index},addr=0x0.1`]),
];

/** skiboot knows no legacy virtio, and translates the DMA of these devices as well. */
const MODERN = "disable-legacy=on,iommu_platform=on";

const POWERNV = {
  ...POWER,
  hardware: POWERNV_HARDWARE,
  kernelArguments: [],
  assignable: [1, 2].map(
    (phb): AssignableDevice => ({
      kind: "edu",
      address: `000${phb}:01:00.0`,
      device: `edu,bus=pcie.${phb},addr=0x0.0,multifunction=on,${WIDE}`,
    }),
  ),
  // Functions of one device: a root port has room for one only.
  shareDevice: `virtio-9p-pci,bus=pcie.0,addr=0x0.0,multifunction=on,${MODERN}`,
  channelDevice: `virtio-serial-pci,bus=pcie.0,addr=0x0.1,${MODERN}`,
  rootDevice: `virtio-9p-pci,bus=pcie.0,addr=0x0.2,${MODERN}`,
} as const;

/**
 * The capabilities: mitigations that QEMU offers by default, cannot emulate, and therefore refuses to
 * start with. The virtual firmware starts the kernel 8 s sooner than SLOF does.
 */
const PSERIES_HARDWARE: readonly string[] = [
  "-M",
  "pseries,x-vof=on,cap-cfpc=broken,cap-sbbc=broken,cap-ibs=broken,cap-ccf-assist=off",
  ...["-cpu", "power9"],
  ...[1, 2].flatMap((index) => ["-device", `spapr-pci-host-bridge,index=${index},id=phb${index}`]),
];

/** 2 MiB each. For windows of 64 KiB pages, which ordinary memory cannot back under 4 KiB pages. */
const HUGE_PAGES = 64;

const PSERIES: Machine = {
  ...POWER,
  target: "pseries",
  summary: "POWER9, a logical partition (hypercalls, 2M huge pages)",
  kernelPackage: KERNEL_4K,
  hardware: PSERIES_HARDWARE,
  kernelArguments: ["hugepagesz=2M", `hugepages=${HUGE_PAGES}`],
  assignable: [1, 2].map(
    (phb): AssignableDevice => ({
      kind: "edu",
      address: `000${phb}:00:00.0`,
      device: `edu,bus=phb${phb}.0,addr=0x0,${WIDE}`,
    }),
  ),
  shareDevice: "virtio-9p-pci,bus=pci.0,addr=0x5",
  channelDevice: "virtio-serial-pci,bus=pci.0,addr=0x6",
  rootDevice: "virtio-9p-pci,bus=pci.0,addr=0x7",
};

export const POWER_MACHINES: readonly Machine[] = [
  {
    ...POWERNV,
    target: "powernv9",
    summary: "POWER9, PHB4, pages of 4K (sPAPR TCE v1 and v2, EEH)",
    kernelPackage: KERNEL_4K,
  },
  {
    ...POWERNV,
    target: "powernv9-64k",
    summary: "POWER9, PHB4, pages of 64K (sPAPR TCE v1 and v2, EEH)",
    kernelPackage: KERNEL_64K,
  },
  PSERIES,
];
