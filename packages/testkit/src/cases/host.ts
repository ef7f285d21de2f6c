// What the cases ask of a host: a port, free devices, and abilities that not every host has.
//
// Must never name a simulator: a real kernel's host gives the same, or leaves an ability out.

import type { HostMemory, KernelPort } from "@iommukit/core/port";

export interface CaseDevice {
  readonly address: string;
  readonly group: number;
  /** `edu` does DMA; `mdev` is a mediated device, whose group has no IOMMU. */
  readonly kind: string;
}

/** A second process that shares the first one's open files, as after a fork. */
export interface OtherProcess {
  readonly port: KernelPort;
  exit(): void;
}

/** A file that can be mapped, and that can be made shorter afterwards. */
export interface MemoryFile {
  readonly path: string;
  truncate(bytes: number): void;
  remove(): void;
}

export interface Abilities {
  /** `lockedPages`: RLIMIT_MEMLOCK of the new process, which then lacks CAP_IPC_LOCK. */
  readonly fork?: (limit?: { readonly lockedPages: number }) => OtherProcess;
  /** Memory that the process may only read, with this content. */
  readonly readOnly?: (content: Uint8Array) => HostMemory;
  readonly memoryFile?: (bytes: number) => MemoryFile;
}

export interface CaseHost {
  readonly port: KernelPort;
  /** Bound to a VFIO driver, nothing open. */
  readonly devices: readonly CaseDevice[];
  readonly abilities?: Abilities;
}
