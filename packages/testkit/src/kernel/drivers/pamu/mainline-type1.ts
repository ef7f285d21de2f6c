// Type1 over Linux 6.12's PAMU driver, in a kernel that somebody built it into: 64 GiB and no map.
//
// Kconfig selects VFIO_IOMMU_TYPE1 on x86, s390 and ARM only, so a stock kernel has no type at all here.
// Attaching a group needs vfio_iommu_type1.allow_unsafe_interrupts; then every device of it reaches the
// first 64 GiB of memory as they are, and iommu_map answers -ENODEV.

import * as command from "../../decode/commands.ts";
import { DMA_MAP, DMA_UNMAP } from "../../decode/type1.ts";
import { EFAULT, EINVAL, ENOTTY, EPERM } from "../../errno.ts";
import type { PamuDriver } from "../../iommu/pamu/driver.ts";
import { MainlineDomain } from "../../iommu/pamu/mainline-domain.ts";
import type { IommuGroup } from "../../iommu-group.ts";
import type { IoctlCall } from "../../open-file.ts";
import type { ByteOrder } from "../../port-types.ts";
import { copyStruct } from "../../user-copy.ts";
import type { ContainerDriver, ContainerDriverType } from "../driver.ts";

const TYPE1 = 1;
const TYPE1_V2 = 3;

export interface MainlineType1Options {
  readonly driver: PamuDriver;
  readonly order: ByteOrder;
  /** vfio_iommu_type1.allow_unsafe_interrupts. */
  readonly unsafeInterrupts: "allowed" | "refused";
}

export function mainlineType1(options: MainlineType1Options): ContainerDriverType {
  const checkExtension = (value: number): number => (value === TYPE1 || value === TYPE1_V2 ? 1 : 0);
  return {
    name: "vfio_iommu_type1",
    checkExtension,
    open: (value) => (checkExtension(value) === 0 ? -EINVAL : session(options, checkExtension)),
  };
}

function session(
  { driver, order, unsafeInterrupts }: MainlineType1Options,
  checkExtension: (value: number) => number,
): ContainerDriver {
  const domain = new MainlineDomain(driver.tables, driver.soc);
  const liodnsOf = (group: IommuGroup): readonly number[] =>
    group.devices.flatMap(({ requester }) => [...driver.liodnsOf(requester)]);
  return {
    checkExtension,
    ioctl: (call) => answer(call, order, domain),
    attachGroup(group) {
      if (unsafeInterrupts === "refused") return -EPERM;
      for (const liodn of liodnsOf(group)) {
        const errno = domain.attach(liodn);
        if (errno !== 0) return errno;
      }
      return 0;
    },
    detachGroup(group) {
      for (const liodn of liodnsOf(group)) domain.detach(liodn);
    },
    mappings: () => [],
  };
}

function answer(call: IoctlCall, order: ByteOrder, domain: MainlineDomain): number {
  if (call.command === command.IOMMU_MAP_DMA) {
    const request = copyStruct(call.argument, DMA_MAP, order);
    if (request === undefined) return -EFAULT;
    return request.view.u32("argsz") < DMA_MAP.size ? -EINVAL : domain.map();
  }
  if (call.command !== command.IOMMU_UNMAP_DMA) return -ENOTTY;
  const request = copyStruct(call.argument, DMA_UNMAP, order);
  if (request === undefined) return -EFAULT;
  if (request.view.u32("argsz") < DMA_UNMAP.size) return -EINVAL;
  // Nothing was ever mapped, so nothing is removed.
  request.view.setU64("size", 0n);
  return call.argument.write(0, request.bytes) ? 0 : -EFAULT;
}
