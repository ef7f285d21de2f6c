/**
 * The x86 machines: one q35 board, three IOMMUs.
 *
 * Device addresses are fixed, so that programs and recorded results can name them. Slots 5 to 7
 * serve the guest; the two `edu` devices at 16 and 17 each have a group of their own.
 */

import type { AssignableDevice, Machine, ModuleToLoad } from "../machine.ts";
import { QEMU_X86 } from "../tools.ts";

const EDU: readonly AssignableDevice[] = ["10", "11"].map((slot) => ({
  kind: "edu",
  address: `0000:00:${slot}.0`,
  // By default the device reaches 28 bits of address only.
  device: `edu,addr=0x${slot},dma_mask=0xffffffffffffffff`,
}));

/** Also modules that Debian builds in: another kernel may not. */
const MODULES: readonly ModuleToLoad[] = [
  { name: "virtio_pci" },
  { name: "virtio_console" },
  { name: "9pnet_virtio" },
  { name: "9p" },
  { name: "overlay" },
  { name: "vfio" },
  { name: "vfio_iommu_type1" },
  { name: "vfio_pci" },
];

const Q35 = {
  qemu: QEMU_X86,
  arch: "x64",
  debianArchitecture: "amd64",
  kernelPackage: "linux-image-amd64",
  memoryMiB: 1024,
  console: "ttyS0",
  modules: MODULES,
  assignable: EDU,
  shareDevice: "virtio-9p-pci,addr=0x5",
  channelDevice: "virtio-serial-pci,addr=0x6",
  rootDevice: "virtio-9p-pci,addr=0x7",
} as const;

/** The most capable processor that emulation offers: Node starts 0.8 s sooner than on the default. */
const CPU = ["-cpu", "max"] as const;

const VTD: Machine = {
  ...Q35,
  target: "vtd",
  summary: "x86-64, Intel VT-d (39-bit, pages of 4K, 2M, 1G)",
  hardware: [
    ...["-M", "q35,kernel-irqchip=split", ...CPU],
    ...["-device", "intel-iommu,intremap=on,caching-mode=on"],
  ],
  kernelArguments: ["intel_iommu=on"],
};

const AMDVI: Machine = {
  ...Q35,
  target: "amdvi",
  summary: "x86-64, AMD-Vi",
  hardware: [
    ...["-M", "q35,kernel-irqchip=split", ...CPU],
    ...["-device", "amd-iommu,intremap=on"],
  ],
  kernelArguments: ["amd_iommu=on"],
};

const VIRTIO_IOMMU: Machine = {
  ...Q35,
  target: "virtio-iommu",
  summary: "x86-64, virtio-iommu (paravirtual, 64-bit)",
  // The IOMMU must be there before the endpoints that it is to serve.
  hardware: [...["-M", "q35", ...CPU], ...["-device", "virtio-iommu-pci,addr=0x3"]],
  kernelArguments: [],
  modules: [
    { name: "virtio_iommu" },
    ...MODULES.map((module) =>
      // It cannot remap interrupts, so VFIO refuses it unless told otherwise.
      module.name === "vfio_iommu_type1"
        ? { ...module, parameters: "allow_unsafe_interrupts=1" }
        : module,
    ),
  ],
};

export const X86_MACHINES: readonly Machine[] = [VTD, AMDVI, VIRTIO_IOMMU];
