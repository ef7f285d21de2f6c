// What a simulated machine is made of, before it runs: an IOMMU, its driver, and the devices' world.
//
// A machine is a description: the same one built twice gives two equal, separate worlds.

import type { IommuHardware } from "../hardware/iommu-hardware.ts";
import type { ContainerDriverType } from "../kernel/drivers/driver.ts";
import type { IommuDriver } from "../kernel/iommu/domain.ts";
import type { ByteOrder, KernelAbi } from "../kernel/port-types.ts";
import type { DeviceTreeNode } from "../kernel/vfs/device-tree.ts";
import type { RegisterPages } from "../memory/bus.ts";
import type { PhysicalMemory } from "../memory/physical-memory.ts";

/** What every machine may be told. */
export interface MachineOptions {
  /** Decides every choice that a real machine leaves to chance. Default 1. */
  readonly seed?: number;
  /** How small pages of processes lie in physical memory. Default scattered, the hard case. */
  readonly memoryLayout?: "contiguous" | "scattered";
  /** Free huge pages by size in bytes. Default 64 of 2 MiB. */
  readonly hugePages?: ReadonlyMap<number, number>;
  /** How huge pages of one mapping lie to each other. Default contiguous, the easy case. */
  readonly hugePageLayout?: "contiguous" | "scattered";
  /** `zeros` as QEMU answers a blocked read, or `ones` as most hosts do. Default zeros. */
  readonly blockedReads?: "zeros" | "ones";
  /** Polls of an edu register that still say busy. Default 0: a transfer is done at once. */
  readonly completionPolls?: number;
  /** Whether an edu can be reset alone. Default none: QEMU's has no such method. */
  readonly functionReset?: "none" | "offered";
  /** Bits of the edu's DMA engine that count. Default all 64; QEMU's own default is 28 bits. */
  readonly dmaMask?: bigint;
}

/** One IOMMU with its driver, over a machine's memory. */
export interface BuiltIommu {
  readonly hardware: IommuHardware;
  readonly driver: IommuDriver;
  /** The kernel's IOMMU types of VFIO, in place of Type1. Default: Type1. */
  readonly containerTypes?: readonly ContainerDriverType[];
  /** What firmware says of the machine. Default: no device tree. */
  readonly deviceTree?: DeviceTreeNode;
  /** Physical pages that are registers: a device reaches them like memory. Default none. */
  readonly registerPages?: RegisterPages;
  /** The byte that loads from a device see while its host bridge stops them. Default: never. */
  readonly silence?: (requester: number) => number | undefined;
  /** Told where the messages go that the machine's own interrupt controller takes. */
  readonly connectMessages?: (deliver: (requester: number, message: number) => void) => void;
}

/** A machine to be run by `simulatedHost`. */
export interface Machine {
  /** As targets are called: `sim/vtd`. */
  readonly target: string;
  readonly abi: KernelAbi;
  /** Width of physical addresses. Default 46 bits. */
  readonly addressBits?: number;
  /** Byte order of the edu's registers: that of the guest's CPU as QEMU has it. Default little. */
  readonly registerOrder?: ByteOrder;
  /** The command register of each device as firmware leaves it. Default 0x103, as SeaBIOS does. */
  readonly firmwareCommand?: number;
  readonly options: MachineOptions;
  /** Switches on the IOMMU over this memory. */
  readonly buildIommu: (memory: PhysicalMemory) => BuiltIommu;
}

/** Every x86 machine here: 64-bit, 4 KiB pages. */
export const X86_64: KernelAbi = {
  arch: "x86_64",
  byteOrder: "little",
  wordBits: 64,
  pageSize: 4096,
  ioctlEncoding: "generic",
};
