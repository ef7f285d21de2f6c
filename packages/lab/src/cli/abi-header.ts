// Which linux/vfio.h `iommukit abi` describes: the library's 6.12, or Debian 12's 6.1 without what came later.
//
// A program that is compiled on this machine sees the installed header, so that one is the default:
// then `abi` equals what the C compiler here prints. vectors/since-6.1.json is the same list, printed
// from the two headers; abi.test.ts compares them.

import { readFileSync } from "node:fs";
import type { UapiDescription } from "@iommukit/core/abi";

export type HeaderVersion = "6.1" | "6.12" | "qoriq-sdk";

/** `qoriq-sdk`: what the vendor's kernels for QorIQ have of their own, for PAMU. */
export const HEADER_VERSIONS: readonly HeaderVersion[] = ["6.1", "6.12", "qoriq-sdk"];

/** What 6.12 has and 6.1 has not. */
export const SINCE_6_1 = {
  ioctls: [
    "VFIO_DEVICE_BIND_IOMMUFD",
    "VFIO_DEVICE_ATTACH_IOMMUFD_PT",
    "VFIO_DEVICE_DETACH_IOMMUFD_PT",
    "VFIO_MIG_GET_PRECOPY_INFO",
  ],
  structs: [
    "vfio_device_info_cap_pci_atomic_comp",
    "vfio_device_bind_iommufd",
    "vfio_device_attach_iommufd_pt",
    "vfio_device_detach_iommufd_pt",
    "vfio_precopy_info",
    "vfio_device_feature_mig_data_size",
    "vfio_device_feature_bus_master",
  ],
  fields: [
    "vfio_device_info.pad",
    "vfio_pci_dependent_device.devid",
    "vfio_device_gfx_plane_info.reserved",
    "vfio_device_ioeventfd.reserved",
    "vfio_iommu_type1_info.pad",
  ],
  constants: [
    "VFIO_DEVICE_FLAGS_CDX",
    "VFIO_DEVICE_INFO_CAP_PCI_ATOMIC_COMP",
    "VFIO_PCI_ATOMIC_COMP32",
    "VFIO_PCI_ATOMIC_COMP64",
    "VFIO_PCI_ATOMIC_COMP128",
    "VFIO_AP_REQ_IRQ_INDEX",
    "VFIO_AP_NUM_IRQS",
    "VFIO_PCI_DEVID_OWNED",
    "VFIO_PCI_DEVID_NOT_OWNED",
    "VFIO_PCI_HOT_RESET_FLAG_DEV_ID",
    "VFIO_PCI_HOT_RESET_FLAG_DEV_ID_OWNED",
    "VFIO_MIGRATION_PRE_COPY",
    "VFIO_DEVICE_STATE_PRE_COPY",
    "VFIO_DEVICE_STATE_PRE_COPY_P2P",
    "VFIO_DEVICE_STATE_NR",
    "VFIO_DEVICE_FEATURE_MIG_DATA_SIZE",
    "VFIO_DEVICE_FEATURE_CLEAR_MASTER",
    "VFIO_DEVICE_FEATURE_SET_MASTER",
    "VFIO_DEVICE_FEATURE_BUS_MASTER",
  ],
  sizesBefore: { vfio_device_info: 20 },
} as const;

const INSTALLED = "/usr/include/linux/version.h";
const VERSION_6_12 = (6 << 16) | (12 << 8);

/** The version of the installed headers as far as it matters here; 6.12 when there are none. */
export function installedHeader(versionFile: string = INSTALLED): HeaderVersion {
  try {
    const match = /^#define LINUX_VERSION_CODE (\d+)$/m.exec(readFileSync(versionFile, "utf8"));
    return match?.[1] !== undefined && Number(match[1]) < VERSION_6_12 ? "6.1" : "6.12";
  } catch {
    return "6.12";
  }
}

/** The description as the older header would give it. */
export function before612({ ioctls, structs, constants }: UapiDescription): UapiDescription {
  const sizes: Readonly<Record<string, number>> = SINCE_6_1.sizesBefore;
  const older = without(structs, SINCE_6_1.structs).map(([name, { size, fields }]) => {
    const later = SINCE_6_1.fields.map((field) => field.split("."));
    const gone = later.filter(([struct]) => struct === name).map(([, field = ""]) => field);
    const left = Object.fromEntries(without(fields, gone));
    return [name, { size: sizes[name] ?? size, fields: left }] as const;
  });
  return {
    ioctls: Object.fromEntries(without(ioctls, SINCE_6_1.ioctls)),
    structs: Object.fromEntries(older),
    constants: Object.fromEntries(without(constants, SINCE_6_1.constants)),
  };
}

function without<T>(from: Readonly<Record<string, T>>, names: readonly string[]): [string, T][] {
  return Object.entries(from).filter(([name]) => !names.includes(name));
}
