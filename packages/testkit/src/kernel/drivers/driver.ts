// What an IOMMU type driver answers to a container.
//
// A container asks each registered type in turn at SET_IOMMU; the one that takes all groups owns
// every command number from 12 up from then on.

import type { IommuGroup } from "../iommu-group.ts";
import type { IoctlCall } from "../open-file.ts";

/** A registered kind of driver, before any container uses it. */
export interface ContainerDriverType {
  readonly name: string;
  /** CHECK_EXTENSION without a container's state; 0 for "no". */
  checkExtension(value: number): number;
  /** A session for SET_IOMMU with this value, or -errno. */
  open(value: number): ContainerDriver | number;
}

/** One container's session. */
export interface ContainerDriver {
  checkExtension(value: number): number;
  /** The header's name of a command that other types call otherwise, for counts and traces. */
  commandName?(command: number): string | undefined;
  /** Commands of this type; -ENOTTY for those it does not know. */
  ioctl(call: IoctlCall): number;
  /** 0 or -errno; a refusal leaves everything as it was. */
  attachGroup(group: IommuGroup): number;
  detachGroup(group: IommuGroup): void;
  /** Pages pinned by what was registered rather than mapped; those of others count there too. */
  registeredPages?(): number;
  /** What is mapped, for inspection. */
  mappings(): readonly MappingReport[];
}

export interface MappingReport {
  readonly iova: bigint;
  readonly size: bigint;
  readonly vaddr: bigint;
  readonly access: "read" | "write" | "read-write";
  readonly pid: number;
  /** Pages that count against locked memory. */
  readonly lockedPages: number;
  readonly pinnedPages: number;
}
