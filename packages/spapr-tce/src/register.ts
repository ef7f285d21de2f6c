// VFIO_IOMMU_SPAPR_REGISTER_MEMORY and UNREGISTER_MEMORY.
//
// What the engine has refused never comes here: no size (the kernel answers ENOMEM and warns), overlap,
// and memory on which a mapping stands (the kernel answers 0 and keeps the pages pinned until the process
// ends). Every region belongs to the address space; containers that register the same range share it.

import {
  type ByteSize,
  type HostAddress,
  IommuError,
  type KernelPort,
  type ProbeContext,
  refusedByKernel,
} from "@iommukit/core";
import { createWriter, type IoctlCommand, ioctlNumber } from "@iommukit/core/abi";
import { lockedState, RAISE_LIMIT } from "./locked.ts";
import {
  VFIO_IOMMU_SPAPR_REGISTER_MEMORY,
  VFIO_IOMMU_SPAPR_UNREGISTER_MEMORY,
  vfio_iommu_spapr_register_memory,
} from "./uapi/register.ts";

type Register = (address: HostAddress, size: ByteSize) => void;

/** Registers and pins. */
export function createRegister(context: ProbeContext): Register {
  const { port } = context;
  const register = bind(context, VFIO_IOMMU_SPAPR_REGISTER_MEMORY);
  return (address, size) => {
    const result = register(address, size);
    if (result > 0) throw pinnedInPart(port, result, address, size);
    if (result < 0) throw registerRefused(port, result, address, size);
  };
}

/** Gives back exactly what was registered. */
export function createUnregister(context: ProbeContext): Register {
  const { port } = context;
  const unregister = bind(context, VFIO_IOMMU_SPAPR_UNREGISTER_MEMORY);
  return (address, size) => {
    const result = unregister(address, size);
    if (result !== 0)
      throw refusedByKernel(port.abi, {
        operation: "VFIO_IOMMU_SPAPR_UNREGISTER_MEMORY",
        result,
        sentence: "the kernel did not unregister the memory",
        facts: { address, size },
        hints: { ENOENT: "the kernel does not know this range: was it unregistered elsewhere?" },
      });
  };
}

function bind(
  { port, container }: ProbeContext,
  command: IoctlCommand,
): (address: bigint, size: bigint) => number {
  const request = ioctlNumber(port.abi, command);
  const { set, bytes } = createWriter(vfio_iommu_spapr_register_memory, port.abi);
  set.argsz(bytes.length);
  return (address, size) => {
    set.vaddr(address);
    set.size(size);
    return port.ioctl(container, request, bytes);
  };
}

/** A later page cannot be pinned: the kernel answers how many could, and keeps none of them. */
function pinnedInPart(port: KernelPort, pinned: number, address: bigint, size: bigint): IommuError {
  const page = BigInt(port.abi.pageSize);
  const operation = "VFIO_IOMMU_SPAPR_REGISTER_MEMORY";
  if (BigInt(pinned) * page >= size)
    return refusedByKernel(port.abi, {
      operation,
      result: pinned,
      sentence: "the kernel did not register the memory",
      facts: { address, size },
    });
  return new IommuError({
    code: "memory-fault",
    operation,
    sentence: "the kernel did not register the memory: a page of it cannot be pinned for writing",
    facts: { address, size, badPage: address + BigInt(pinned) * page },
    hint: UNPINNABLE,
  });
}

function registerRefused(
  port: KernelPort,
  result: number,
  address: bigint,
  size: bigint,
): IommuError {
  const { overLimit, locked, limit } = lockedState(port, size);
  return refusedByKernel(port.abi, {
    operation: "VFIO_IOMMU_SPAPR_REGISTER_MEMORY",
    result,
    sentence: "the kernel did not register the memory",
    facts: { address, size, locked, limit },
    codes: {
      ENOMEM: overLimit ? "locked-memory-limit" : "out-of-memory",
      EFAULT: "memory-fault",
      EINVAL: "already-mapped",
      EBUSY: "already-mapped",
    },
    hints: {
      ENOMEM: overLimit ? RAISE_LIMIT : "the kernel itself is short of memory",
      EFAULT: UNPINNABLE,
      EINVAL: "it overlaps memory that something else in this process registered",
      EBUSY: "the kernel has it registered: memory that was freed while registered stays so",
    },
  });
}

const UNPINNABLE = "the memory must be there for its whole length, and writable";
