// The kernel asked directly: every ioctl of sPAPR v2 with its bytes, and what it answered.

import {
  type AbiProfile,
  type Device,
  errnoNumber,
  type HostMemory,
  type KernelPort,
} from "@iommukit/core";
import { createWriter, type ErrnoName, type IoctlCommand, ioctlNumber } from "@iommukit/core/abi";
import * as vfio from "@iommukit/core/uapi";
import { type EduDriver, openEdu } from "@iommukit/testkit/drivers";
import * as uapi from "../../src/uapi/index.ts";
import { type HazardDevice, lockedBytes, must } from "./hazard.ts";

const MIB = 1024 * 1024;

/** One MiB below as much that is read-only: the kernel puts most mappings right below the last one. */
export function belowReadOnly(port: Pick<KernelPort, "mapMemory">): {
  readonly address: bigint;
  readonly size: number;
  readonly memories: readonly { close(): number }[];
} {
  const memories: { readonly address: bigint; close(): number }[] = [];
  for (let tries = 0; tries < 64; tries++) {
    const high = port.mapMemory({ length: MIB, protection: "read" });
    const low = port.mapMemory({ length: MIB });
    must(typeof high !== "number" && typeof low !== "number", "the kernel gives memory");
    memories.push(high, low);
    if (low.address + BigInt(MIB) === high.address)
      return { address: low.address, size: MIB, memories };
  }
  throw new Error("the kernel puts no mapping right below another");
}

export interface Created {
  readonly result: number;
  readonly start: bigint;
}

export class RawKernel {
  readonly abi: AbiProfile;
  readonly container: number;
  readonly groups: readonly number[];
  readonly #port: KernelPort;
  readonly #devices: readonly HazardDevice[];
  readonly #open: number[] = [];
  readonly #memories: { close(): number }[] = [];

  constructor(port: KernelPort, devices: readonly HazardDevice[]) {
    this.abi = port.abi;
    this.#port = port;
    this.#devices = devices;
    this.container = this.#opened(port.open("/dev/vfio/vfio", "rw"));
    this.groups = devices.map(({ group }) => {
      const fd = this.#opened(port.open(`/dev/vfio/${group}`, "rw"));
      const word = new Uint8Array(new Int32Array([this.container]).buffer);
      must(this.#ioctl(fd, vfio.VFIO_GROUP_SET_CONTAINER, word) === 0, "the group joins");
      return fd;
    });
    const set = this.#ioctl(this.container, vfio.VFIO_SET_IOMMU, vfio.VFIO_SPAPR_TCE_v2_IOMMU);
    must(set === 0, `SET_IOMMU answers ${set}`);
  }

  /** -errno by its name. */
  errno(name: ErrnoName): number {
    return -errnoNumber(this.abi, name);
  }

  /** Page-aligned memory, filled with the byte. */
  memory(pages: number, fill = 0): HostMemory {
    const memory = this.#port.mapMemory({ length: pages * this.abi.pageSize });
    must(typeof memory !== "number", "the kernel gives memory");
    this.#memories.push(memory);
    memory.bytes.fill(fill);
    return memory;
  }

  /** Memory that can be written, with memory right behind it that cannot. */
  partlyReadOnly(): { readonly address: bigint; readonly size: number } {
    const found = belowReadOnly(this.#port);
    this.#memories.push(...found.memories);
    return found;
  }

  register(address: bigint, size: bigint | number): number {
    return this.#range(uapi.VFIO_IOMMU_SPAPR_REGISTER_MEMORY, address, size);
  }

  unregister(address: bigint, size: bigint | number): number {
    return this.#range(uapi.VFIO_IOMMU_SPAPR_UNREGISTER_MEMORY, address, size);
  }

  map(iova: bigint | number, host: bigint, size: bigint | number, flags = 3): number {
    const { set, bytes } = createWriter(uapi.vfio_iommu_type1_dma_map, this.abi);
    set.argsz(bytes.length);
    set.flags(flags);
    set.vaddr(host);
    set.iova(BigInt(iova));
    set.size(BigInt(size));
    return this.#ask(uapi.VFIO_IOMMU_MAP_DMA, bytes);
  }

  unmap(iova: bigint | number, size: bigint | number): { result: number; size: bigint } {
    const { set, get, bytes } = createWriter(uapi.vfio_iommu_type1_dma_unmap, this.abi);
    set.argsz(bytes.length);
    set.iova(BigInt(iova));
    set.size(BigInt(size));
    return { result: this.#ask(uapi.VFIO_IOMMU_UNMAP_DMA, bytes), size: get.size() };
  }

  create(shift: number, size: bigint, levels = 1): Created {
    const { set, get, bytes } = createWriter(uapi.vfio_iommu_spapr_tce_create, this.abi);
    set.argsz(bytes.length);
    set.page_shift(shift);
    set.window_size(size);
    set.levels(levels);
    return { result: this.#ask(uapi.VFIO_IOMMU_SPAPR_TCE_CREATE, bytes), start: get.start_addr() };
  }

  remove(start: bigint | number): number {
    const { set, bytes } = createWriter(uapi.vfio_iommu_spapr_tce_remove, this.abi);
    set.argsz(bytes.length);
    set.start_addr(BigInt(start));
    return this.#ask(uapi.VFIO_IOMMU_SPAPR_TCE_REMOVE, bytes);
  }

  eehState(): number {
    const { set, bytes } = createWriter(uapi.vfio_eeh_pe_op, this.abi);
    set.argsz(bytes.length);
    set.op(uapi.VFIO_EEH_PE_GET_STATE);
    return this.#ask(uapi.VFIO_EEH_PE_OP, bytes);
  }

  /** Takes a group out of the container. */
  leave(index: number): number {
    return this.#ioctl(this.groups[index] ?? -1, vfio.VFIO_GROUP_UNSET_CONTAINER, 0);
  }

  /** Bytes of VmLck. */
  locked(): number {
    return lockedBytes(this.#port);
  }

  /** The first device's copy engine, driven through its descriptor. */
  edu(): EduDriver {
    const name = new TextEncoder().encode(`${this.#devices[0]?.address}\0`);
    const group = this.groups[0] ?? -1;
    const fd = this.#opened(this.#ioctl(group, vfio.VFIO_GROUP_GET_DEVICE_FD, name));
    const at = (region: number): bigint => {
      const { set, get, bytes } = createWriter(vfio.vfio_region_info, this.abi);
      set.argsz(bytes.length);
      set.index(region);
      must(this.#ioctl(fd, vfio.VFIO_DEVICE_GET_REGION_INFO, bytes) === 0, "a region is described");
      return get.offset();
    };
    const device: Pick<Device, "address" | "readRegion" | "writeRegion"> = {
      address: this.#devices[0]?.address ?? "",
      readRegion: (region, offset, into) => {
        this.#port.readAt(fd, into, at(region) + BigInt(offset));
      },
      writeRegion: (region, offset, from) => {
        this.#port.writeAt(fd, from, at(region) + BigInt(offset));
      },
    };
    return openEdu(device as Device); // cast: the driver uses these three members
  }

  close(): void {
    for (const fd of this.#open.toReversed()) this.#port.close(fd);
    for (const memory of this.#memories) memory.close();
  }

  #range(command: IoctlCommand, address: bigint, size: bigint | number): number {
    const { set, bytes } = createWriter(uapi.vfio_iommu_spapr_register_memory, this.abi);
    set.argsz(bytes.length);
    set.vaddr(address);
    set.size(BigInt(size));
    return this.#ask(command, bytes);
  }

  #ask(command: IoctlCommand, argument: Uint8Array): number {
    return this.#port.ioctl(this.container, ioctlNumber(this.abi, command), argument);
  }

  #ioctl(fd: number, command: IoctlCommand, argument: Uint8Array | number): number {
    return this.#port.ioctl(fd, ioctlNumber(this.abi, command), argument);
  }

  #opened(fd: number): number {
    must(fd >= 0, `a descriptor is ${fd}`);
    this.#open.push(fd);
    return fd;
  }
}
