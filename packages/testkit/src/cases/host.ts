// What the cases ask of a host: a port, free devices, and abilities that not every host has.
//
// Must never name a simulator: a real kernel's host gives the same, or leaves an ability out.

import type { HostMemory, KernelPort, MapMemoryRequest } from "@iommukit/core/port";

export interface CaseDevice {
  readonly address: string;
  readonly group: number;
  /** `edu` does DMA; `mdev` is a mediated device, whose group has no IOMMU. */
  readonly kind: string;
}

/** Memory of another process: its bytes cannot be seen from here. */
export type OtherMemory = Pick<HostMemory, "address" | "close">;

/** The calls of another process. */
export interface OtherPort extends Pick<KernelPort, "ioctl" | "readText"> {
  mapMemory(request: Pick<MapMemoryRequest, "length" | "protection">): OtherMemory | number;
}

/** A second process that shares the first one's open files, as after a fork. */
export interface OtherProcess {
  readonly port: OtherPort;
  /** When it returns, the process has let go of its files and its memory. */
  exit(): void;
}

export interface ForkRequest {
  /** The open descriptors of the first process, which the second one has too. */
  readonly descriptors: readonly number[];
  /** RLIMIT_MEMLOCK of the new process in pages; it then lacks CAP_IPC_LOCK. */
  readonly lockedPages?: number | undefined;
}

/** A file that can be mapped, and that can be made shorter afterwards. */
export interface MemoryFile {
  readonly path: string;
  truncate(bytes: number): void;
  remove(): void;
}

export interface Abilities {
  readonly fork?: (request: ForkRequest) => OtherProcess;
  /** Whether the new process may have a limit. Default it may. */
  readonly limits?: "none";
  /** Memory that the process may only read, with this content. */
  readonly readOnly?: (content: Uint8Array) => HostMemory;
  /** read(2), which the port has not: bytes at the file's own position, or -errno. */
  readonly read?: (fd: number, into: Uint8Array) => number;
  readonly memoryFile?: (bytes: number) => MemoryFile;
}

export interface CaseHost {
  readonly port: KernelPort;
  /** Bound to a VFIO driver, nothing open. */
  readonly devices: readonly CaseDevice[];
  readonly abilities?: Abilities;
}
