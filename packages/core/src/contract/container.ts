// A container: one I/O address space that the devices of its groups share.

import type { IommuBackend } from "./backend.ts";
import type { CapabilityName, CapabilityRecord } from "./capabilities.ts";
import type { Device } from "./device.ts";
import type { DirtyTracking } from "./dirty.ts";
import type { DmaPath } from "./dma-path.ts";
import type { WindowControl } from "./dma-window.ts";
import type { ExtensionKey } from "./extension.ts";
import type { AddressUpdate } from "./live-update.ts";
import type { MemoryControl } from "./memory.ts";

/** `opened`: no group. `attached`: groups, no IOMMU type. `enabled`: mappings can be made. */
export type ContainerState = "opened" | "attached" | "enabled" | "closed";

/** What a caller cannot do without; a backend that lacks one of it is refused with the reason. */
export interface Requirements {
  /** Each must be offered. */
  readonly capabilities?: readonly CapabilityName[];
  /** A window must take mappings in pages of this many bytes (its page size must divide it). */
  readonly pageSize?: number;
  /** Some window must hold this many bytes. */
  readonly windowSize?: bigint | number;
}

/**
 * A weakness of the hardware or the kernel that the caller accepts by name (rule CL6).
 *
 * - `write-implies-read`: mappings with access `write` are made although the device can read them.
 * - `unsafe-interrupts`: a device may raise any interrupt of the host, since the kernel was told not to
 *   ask for interrupt remapping.
 * - `no-isolation`: devices reach memory that was never mapped.
 */
export type AcceptedWeakness = "write-implies-read" | "unsafe-interrupts" | "no-isolation";

/** One backend of the caller's list that was not chosen. */
export interface BackendRefusal {
  readonly backend: string;
  /** One sentence for each requirement or kernel answer that refused it. */
  readonly reasons: readonly string[];
}

/** Which backend was chosen, and why those before it were not. */
export interface Negotiation {
  readonly chosen: string;
  readonly refused: readonly BackendRefusal[];
}

/** What `Iommu.openContainer` takes. */
export interface OpenContainerOptions {
  /** Group numbers, at least one. */
  readonly groups: readonly number[];
  /** In order of preference. */
  readonly backends: readonly IommuBackend[];
  readonly require?: Requirements;
  readonly accept?: readonly AcceptedWeakness[];
}

/** Which groups are in the container. Who holds it can take a device's whole address space away. */
export interface ContainerControl {
  readonly groups: readonly number[];
  /**
   * Adds a group; its devices reach every live mapping at once.
   *
   * Valid errors: `ATTACH_ERRORS`; `wrong-state` also while the host address of a mapping is invalid.
   */
  attach(group: number): void;
  /**
   * Takes a group out. Answers how many mappings the kernel dropped: all of them with the last group.
   *
   * Valid errors: `closed`, `wrong-state` (no group, a chunked map runs, or it is the last group
   * while dirty pages are tracked), `invalid-argument`, `group-busy` (a device of it is open), `kernel-refused`, `kernel-misbehaved`.
   */
  detach(group: number): { readonly mappingsDropped: number };
}

/** One I/O address space with its groups, devices, windows, memory and mappings. */
export interface Container {
  readonly state: ContainerState;
  readonly backend: string;
  readonly negotiation: Negotiation;
  readonly capabilities: CapabilityRecord;
  readonly control: ContainerControl;
  readonly windows: WindowControl;
  readonly memory: MemoryControl;
  readonly dma: DmaPath;
  /** Refuses every call where `dirty-tracking` is not offered. */
  readonly dirty: DirtyTracking;
  /** Refuses every call where `update-vaddr` is not offered. */
  readonly addresses: AddressUpdate;
  /**
   * A control that only this family of IOMMUs has, by the key that its package exports. What it answers
   * serves until the container is closed or loses its last group.
   *
   * Valid errors: `closed`, `wrong-state`, `not-offered`.
   */
  extension<T>(key: ExtensionKey<T>): T;
  /** Mappings the kernel will still take, or undefined when it does not say. */
  readMappingsAvailable(): number | undefined;
  /**
   * Opens a device of an attached group.
   *
   * Valid errors: `closed`, `wrong-state`, `invalid-argument`, `device-not-found`, `device-busy`,
   * `permission-denied`, `kernel-refused`, `kernel-misbehaved`.
   */
  openDevice(address: string): Device;
  /**
   * Closes, in this order: mappings, registrations, devices, groups, the container. Every step is
   * tried; `close-failed` lists those that failed. A second call does nothing. While `mapInChunks` has a
   * chunk in the kernel, every method is refused at once and the rest follows when that chunk returns.
   *
   * Valid errors: `close-failed`.
   */
  close(): void;
  [Symbol.dispose](): void;
}
