// A range of IOVAs in which mappings can be made, on every architecture.
//
// x86: the kernel's allowed IOVA ranges, fixed. POWER: TCE tables, created and removed. PAMU: one
// power-of-two aperture cut into equal subwindows. docs/contracts/dma-window.md has the rules DW1…

import type { ByteSize, Iova } from "../address/address.ts";

/** Whether windows are given, made and removed, or one that is cut into equal parts. */
export type DmaWindowKind = "fixed" | "dynamic" | "subdivided";

/** A range inside a window that no device's DMA takes to memory. */
export interface WindowHole {
  readonly iova: Iova;
  readonly size: ByteSize;
  /** What is there instead, for who is refused because of it. */
  readonly what: string;
}

/** One range of IOVAs in which mappings can be made. */
export interface DmaWindow {
  readonly kind: DmaWindowKind;
  /** First IOVA. */
  readonly start: Iova;
  /** Last IOVA, included: a window may end with the 64-bit space. */
  readonly last: Iova;
  /** Bytes: `iova`, `host` and `size` of a mapping are multiples of it. A power of two, at least 4 KiB. */
  readonly pageSize: number;
  /** Sizes the hardware can use inside one mapping, as the kernel's bitmap; speed only. */
  readonly hardwarePageSizes: bigint;
  /** Only `subdivided`: a mapping is made of whole subwindows of this size. */
  readonly subwindowSize?: ByteSize;
  /**
   * Bytes, a power of two: each aligned piece of a mapping's memory of this size must be contiguous in the
   * host, since one translation serves all of it. Left out, any memory will do (DW15).
   */
  readonly hostContiguity?: ByteSize;
  /** Whole pages of the window in which nothing can be mapped (I7). */
  readonly holes?: readonly WindowHole[];
}

/** The window that `WindowControl.create` is asked for. */
export interface WindowRequest {
  /** Bytes of one window page, or of one subwindow; must be among the sizes the backend lists. */
  readonly pageSize: number;
  /** Bytes. A `subdivided` window is a power of two. */
  readonly size: ByteSize;
  /**
   * Where it must begin; left out, the kernel decides. A `subdivided` window begins at a multiple
   * of its size.
   */
  readonly start?: Iova;
  /** Levels of the translation table, where the hardware has a choice. */
  readonly levels?: number;
}

/** Creates and removes windows. Who holds it can take the ground from under every mapping. */
export interface WindowControl {
  /** The windows in force, by `start`. A new array whenever they change; the same one until then. */
  list(): readonly DmaWindow[];
  /**
   * Creates a window.
   *
   * Valid errors: `WINDOW_ERRORS`; on a backend with fixed windows always `not-offered`.
   */
  create(request: WindowRequest): DmaWindow;
  /**
   * Removes a window that has no mapping.
   *
   * Valid errors: `WINDOW_ERRORS`; `memory-in-use` while a mapping lies in it.
   */
  remove(window: DmaWindow): void;
}
