// New host addresses for live mappings: what a program needs that replaces itself under its devices.
//
// Rule LU1: DMA never stops. Devices go on reaching the pages that were pinned when the mapping was
// made; only the address by which the kernel and the ledger know them is replaced.

import type { ByteSize, HostAddress, Iova } from "../address/address.ts";
import type { Mapping } from "./dma-path.ts";

/** The new host address of one mapping, named by its own IOVA and size. */
export interface AddressSupply {
  readonly iova: Iova;
  readonly size: ByteSize;
  readonly host: HostAddress;
}

/** Replaces host addresses of live mappings. Every method: `not-offered` without `update-vaddr`. */
export interface AddressUpdate {
  /** Mappings whose host address is invalid now, by IOVA, with the address that was. */
  invalid(): readonly Mapping[];
  /**
   * Declares the host addresses of all mappings in the range invalid, before their memory moves. While
   * any is, no group can be attached; mapping elsewhere, unmapping and DMA go on.
   *
   * Valid errors: `ADDRESS_UPDATE_ERRORS`; `wrong-state` when one of them is invalid already. When it
   * throws, none of them is invalid that was not before.
   */
  invalidate(iova: Iova, size: ByteSize): void;
  /** The same for every mapping, in one call. Answers the bytes. Valid errors: `ADDRESS_UPDATE_ERRORS`. */
  invalidateAll(): ByteSize;
  /**
   * Gives invalid mappings their new addresses, all or none. It must be the same memory seen at another
   * address: the kernel does not look, and devices go on reaching the old pages. `host` is a multiple of
   * the page size. From then on the new memory is in use in the ledger, and the old is not.
   *
   * Valid errors: `ADDRESS_UPDATE_ERRORS`; `not-mapped` and `splits-mapping` unless each names one
   * mapping exactly, `wrong-state` when it is not invalid.
   */
  supply(supplies: readonly AddressSupply[]): void;
}

/** What a backend with `update-vaddr` gives the engine. Ranges never cut a mapping. */
export interface AddressUpdateSession {
  /** Invalidates mappings of `expected` bytes, all or none. */
  invalidate(iova: Iova, size: ByteSize, expected: ByteSize): void;
  invalidateAll(expected: ByteSize): void;
  /** Gives one invalid mapping its address. Throws and has then changed nothing. */
  supply(iova: Iova, size: ByteSize, host: HostAddress): void;
  /**
   * Asks the kernel for exactly this mapping after an answer that cannot be trusted, and leaves its
   * address as valid or invalid as `address` says. Undefined when the kernel does not tell.
   */
  confirm(mapping: Mapping, address: "valid" | "invalid"): "held" | "gone" | undefined;
}
