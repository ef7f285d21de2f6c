// An IOMMU as a device sees it: addresses go in, physical frames or faults come out.
//
// It knows nothing of VFIO and is programmed only through its registers and tables.

export type BusAccess = "read" | "write";

export interface DmaFault {
  readonly requester: number;
  /** Bus address of the access; a bigint because it is for people and logs. */
  readonly address: bigint;
  readonly access: BusAccess;
  /** The hardware's own reason, in the manual's words, and its code. */
  readonly reason: string;
  readonly code: number;
}

/** Answer of `translateFrame`: the access is blocked and a fault was recorded. */
export const BLOCKED = -1;
/** Answer of `translateFrame`: the address names an interrupt, so no memory is accessed. */
export const INTERRUPT_MESSAGE = -2;

export interface IommuHardware {
  readonly name: string;
  /** A transfer is looked up in pieces that cross no multiple of so many bytes. Default 4096. */
  readonly chunk?: number;
  /**
   * Translates one 4 KiB frame. Answers the physical frame, `BLOCKED` or `INTERRUPT_MESSAGE`.
   * `offset` is where in the frame the piece begins, for hardware that records whole addresses.
   * Hot: no allocation, no BigInt.
   */
  translateFrame(requester: number, frame: number, access: BusAccess, offset?: number): number;
  /** Faults recorded since the last call, oldest first. */
  takeFaults(): readonly DmaFault[];
  /** The newest fault; reading it takes nothing. The bus attaches it to the blocked access. */
  readonly lastFault: DmaFault | undefined;
  /** Counters since start: how translations were answered. */
  readonly statistics: {
    readonly hits: number;
    readonly walks: number;
    readonly faults: number;
    readonly invalidations: number;
  };
}
