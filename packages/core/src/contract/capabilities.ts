// What a backend can do, offered or refused with the reason.
//
// A record, not a closed list: a fourth architecture brings names of its own. The well-known names
// are those that portable programs ask for.

/** The names that portable programs ask for. */
export type WellKnownCapability =
  /** One call removes every mapping of the container. */
  | "unmap-all"
  /** DMA is always coherent with the CPU's caches, whatever the device asks. */
  | "dma-coherent"
  /** The kernel can report which pages the device wrote. */
  | "dirty-tracking"
  /** The kernel describes its dirty bitmaps; `detail` has page and largest bitmap. */
  | "migration"
  /** The kernel counts the mappings it will still take; `detail` has the number. */
  | "available-mappings"
  /** Host addresses of live mappings can be replaced (live update). */
  | "update-vaddr"
  /** Windows can be created and removed. */
  | "dynamic-windows"
  /** Memory must be registered before it is mapped. */
  | "memory-registration"
  /** A mapping with access `write` cannot be read by the device. */
  | "write-only"
  /** A device cannot raise interrupts that it was not given. */
  | "interrupt-isolation"
  /** A device of the container reaches no memory but the live mappings. */
  | "isolation";

/** A well-known name, or one that a backend brings. */
export type CapabilityName = WellKnownCapability | (string & {});

/** Offered, perhaps with a detail such as a limit, or not offered with the reason. */
export type CapabilityStatus =
  | { readonly offered: true; readonly detail?: string }
  | { readonly offered: false; readonly reason: string };

/** A name that is missing is not offered. */
export type CapabilityRecord = Readonly<Record<string, CapabilityStatus>>;
