// Controls that one family of IOMMUs has and the others have not: EEH on POWER, MSI banks on PAMU.
//
// A backend's package exports a key; whoever holds the container asks for what lies under it. So the
// contract names no architecture, and a program that never asks runs on all of them.

import type { ByteSize, Iova } from "../address/address.ts";
import type { Mapping } from "./dma-path.ts";

/** Names one kind of control; made once by the package that offers it, compared by identity. */
export interface ExtensionKey<T> {
  /** Shown to people: `EEH`, `PAMU`. */
  readonly name: string;
  /** Never set; it carries the type of what lies under the key. */
  readonly type?: T;
}

/** What the engine lends to a backend's extensions. */
export interface ExtensionContext {
  /**
   * Asked before every call of an extension.
   *
   * Valid errors: `closed`, `wrong-state` (no group, or the container got another session since).
   */
  assertUsable(operation: string): void;
  /** The live mappings, by IOVA. */
  mappings(): readonly Mapping[];
  /** The lowest range of this size that is neither mapped, being mapped nor reserved, or undefined. */
  findFree(size: ByteSize): Iova | undefined;
  /**
   * Takes a range inside one window: from then on nothing is mapped or placed in it. `iova` and `size`
   * are multiples of the window's page size. `what` is said to whoever is refused because of it.
   *
   * Valid errors: `invalid-address`, `zero-size`, `misaligned`, `outside-window`, `already-mapped`.
   */
  reserve(iova: Iova, size: ByteSize, what: string): void;
  /**
   * Records a mapping that the kernel has although nobody asked for it: one that a control made for
   * itself and could not remove. Its memory stays in use, and `unmap` and `close()` remove it like
   * any other.
   */
  adopt(mapping: Mapping): void;
  /** Gives back what `reserve` took at this IOVA. Does nothing where nothing was taken. */
  release(iova: Iova): void;
}

/** What a backend offers under each key. */
export type ExtensionMap = ReadonlyMap<ExtensionKey<unknown>, unknown>;
