// What an architecture package implements, and nothing more.
//
// A backend is a value that the caller lists, in order. The engine in core calls it; it keeps no
// ledger, allocates no IOVA and undoes nothing across calls: those are the engine's, the same for all.

import type { ByteSize, HostAddress, Iova } from "../address/address.ts";
import type { KernelPort } from "../port/kernel-port.ts";
import type { DmaAccess } from "./access.ts";
import type { CapabilityRecord } from "./capabilities.ts";
import type { AcceptedWeakness, Negotiation } from "./container.ts";
import type { DirtySession } from "./dirty.ts";
import type { DmaWindow, WindowRequest } from "./dma-window.ts";
import type { ExtensionContext, ExtensionMap } from "./extension.ts";
import type { AddressUpdateSession } from "./live-update.ts";

/** Whether the kernel has a backend's IOMMU type, and if not why. */
export type ProbeResult =
  | { readonly usable: true }
  | { readonly usable: false; readonly reason: string; readonly hint?: string };

/** The container a backend is asked about. */
export interface ProbeContext {
  readonly port: KernelPort;
  /** The container's descriptor, with no IOMMU set. */
  readonly container: number;
  /** The groups in the container now. */
  readonly groups: () => readonly number[];
  /** The weaknesses that the caller accepts by name (CL6). Default none. */
  readonly accepted?: readonly AcceptedWeakness[];
}

/** One IOMMU type, as a value that the caller lists in order of preference. */
export interface IommuBackend {
  /** Shown to people and kept in reports: `type1v2`, `spapr-tce-v2`, … */
  readonly name: string;
  /** Asks the kernel whether this IOMMU type exists. Changes nothing. */
  probe(context: ProbeContext): ProbeResult;
  /**
   * Sets the IOMMU type on a container that has at least one group and reads what it offers.
   * Throws an `IommuError` when the kernel refuses; it must then have changed nothing.
   */
  open(context: ProbeContext): BackendSession;
}

/** One container under one IOMMU type. Ranges that reach it were checked by the engine (DW3). */
export interface BackendSession {
  readonly capabilities: CapabilityRecord;
  /** Where one backend stands for several versions: which one opened, and why not those before it. */
  readonly negotiation?: Negotiation;
  /** The windows as the kernel says now; read again after a group came or left. */
  readWindows(): readonly DmaWindow[];
  /** How many more mappings the kernel will take, or undefined when it does not say. */
  readMappingsAvailable(): number | undefined;
  /** One kernel mapping, all or nothing. Throws an `IommuError` and has then changed nothing. */
  map(iova: Iova, host: HostAddress, size: ByteSize, access: DmaAccess): void;
  /** The same off the event loop. */
  mapAsync(iova: Iova, host: HostAddress, size: ByteSize, access: DmaAccess): Promise<void>;
  /**
   * Removes the kernel's mappings inside a range that cuts none of them, `expected` bytes in all.
   * Throws `kernel-misbehaved` when the kernel removed another number of bytes.
   */
  unmap(iova: Iova, size: ByteSize, expected: ByteSize): void;
  /** Why no second group may join, where the kernel takes one only. */
  readonly oneGroup?: string;
  /** The kernel drops every mapping with any group that leaves, so the engine makes them again (CL5). */
  readonly wipedByDetach?: true;
  /** Present when one call can remove everything. Answers the bytes the kernel says it removed. */
  unmapAll?(expected: ByteSize): void;
  /** Present with `dynamic-windows`. */
  createWindow?(request: WindowRequest): DmaWindow;
  removeWindow?(window: DmaWindow): void;
  /** Present with `memory-registration`. */
  register?(address: HostAddress, size: ByteSize): void;
  unregister?(address: HostAddress, size: ByteSize): void;
  /** Present with `dirty-tracking`, from when the capability is offered. */
  readonly dirty?: DirtySession | undefined;
  /** Present with `update-vaddr`, from when the capability is offered. */
  readonly addressUpdate?: AddressUpdateSession | undefined;
  /** Controls of this family only, by key. Asked at most once. */
  extensions?(context: ExtensionContext): ExtensionMap;
  /**
   * Called when a group has joined and before `attach` returns: where the kernel does not let its devices
   * reach the live mappings by itself (CL11), it is made to here. A throw takes the group out again.
   */
  groupJoined?(context: ExtensionContext): void;
  /**
   * Undoes what only this family has, such as MSI windows. Called once, when the container closes: after
   * mappings, registrations and devices, before its groups leave (CL1).
   */
  close?(): void;
}
