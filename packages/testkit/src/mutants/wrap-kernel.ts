// Puts a bug into the simulated Type1 driver: around its calls, before or after it has answered.

import * as command from "../kernel/decode/commands.ts";
import type { ContainerDriver, ContainerDriverType } from "../kernel/drivers/driver.ts";
import { type1Driver } from "../kernel/drivers/type1.ts";
import type { IommuGroup } from "../kernel/iommu-group.ts";
import type { IoctlCall } from "../kernel/open-file.ts";
import type { Area } from "../kernel/user-memory.ts";
import { HISTORY_PARAMETERS } from "./parameters.ts";

/** What a mutant does in place of a call; `honest` is the driver's own answer. */
export interface KernelBug {
  map?(honest: (call: IoctlCall) => number, call: IoctlCall, driver: ContainerDriver): number;
  unmap?(honest: (call: IoctlCall) => number, call: IoctlCall, driver: ContainerDriver): number;
  info?(honest: (call: IoctlCall) => number, call: IoctlCall): number;
  dirty?(honest: (call: IoctlCall) => number, call: IoctlCall): number;
  attach?(driver: ContainerDriver, group: IommuGroup): number;
  detach?(driver: ContainerDriver, group: IommuGroup, lastCall: IoctlCall | undefined): void;
}

/** A driver type to register beside the honest one: it is asked first. */
export function kernelWith(bug: KernelBug): ContainerDriverType {
  const type = type1Driver("little", HISTORY_PARAMETERS);
  return {
    name: "vfio_iommu_type1, with a bug",
    checkExtension: (value) => type.checkExtension(value),
    open(value) {
      const driver = type.open(value);
      return typeof driver === "number" ? driver : buggy(driver, bug);
    },
  };
}

function buggy(driver: ContainerDriver, bug: KernelBug): ContainerDriver {
  const honest = (call: IoctlCall): number => driver.ioctl(call);
  let last: IoctlCall | undefined;
  return {
    checkExtension: (value) => driver.checkExtension(value),
    ioctl(call) {
      last = call;
      const { IOMMU_MAP_DMA, IOMMU_UNMAP_DMA, IOMMU_GET_INFO } = command;
      if (call.command === IOMMU_MAP_DMA && bug.map !== undefined)
        return bug.map(honest, call, driver);
      if (call.command === IOMMU_UNMAP_DMA && bug.unmap !== undefined)
        return bug.unmap(honest, call, driver);
      if (call.command === IOMMU_GET_INFO && bug.info !== undefined) return bug.info(honest, call);
      if (call.command === command.IOMMU_DIRTY_PAGES && bug.dirty !== undefined)
        return bug.dirty(honest, call);
      return honest(call);
    },
    attachGroup: (group) => bug.attach?.(driver, group) ?? driver.attachGroup(group),
    detachGroup(group) {
      if (bug.detach === undefined) driver.detachGroup(group);
      else bug.detach(driver, group, last);
    },
    mappings: () => driver.mappings(),
  };
}

/** A 64-bit field of the caller's struct, at its place in include/uapi/linux/vfio.h. */
export function field(call: IoctlCall, offset: number): bigint {
  const bytes = call.argument.read(offset, 8);
  if (bytes === undefined) return 0n;
  return new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0, true);
}

/** The call as if the caller had written something else; what is written back goes to the caller. */
export function altered(call: IoctlCall, change: (view: DataView) => void): IoctlCall {
  const { argument } = call;
  return {
    ...call,
    argument: {
      register: argument.register,
      write: (offset, from) => argument.write(offset, from),
      read(offset, length) {
        const bytes = argument.read(offset, length)?.slice();
        if (bytes !== undefined && offset === 0) change(new DataView(bytes.buffer));
        return bytes;
      },
    },
  };
}

/** Overwrites a 64-bit field of what the kernel wrote back. */
export function writeBack(call: IoctlCall, offset: number, value: bigint): void {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, value, true);
  call.argument.write(offset, bytes);
}

/** The area of the caller's memory behind an address. */
export function areaOf(call: IoctlCall, address: bigint): Area | undefined {
  return call.process.memory.areaOf(Number(address / 4096n));
}

export const MAP_FIELDS = { flags: 4, vaddr: 8, iova: 16, size: 24 } as const;
export const UNMAP_FIELDS = { flags: 4, iova: 8, size: 16 } as const;

const DIRTY_GET = 4n;
const DIRTY_DATA = 40;

/** After a GET: the first bit of the caller's bitmap is 0. */
export function clearFirst(call: IoctlCall): void {
  if (field(call, 0) >> 32n !== DIRTY_GET) return;
  const data = Number(field(call, DIRTY_DATA));
  const byte = new Uint8Array(1);
  call.process.memory.read(data, byte);
  byte[0] = (byte[0] ?? 0) & 0xfe;
  call.process.memory.write(data, byte);
}
