// The per-device cache of an IOMMU: which domain and table a requester uses, until invalidated.
//
// VT-d calls it context-cache, AMD the device table cache. Typed arrays indexed by the 16-bit
// requester id, because the hot path reads it once for each frame. It decides nothing.

/** Values of `state`. */
export const NOT_CACHED = 0;
export const TRANSLATED = 1;
export const PASSED_THROUGH = 2;

/** Values of `recording`. */
export const RECORD_ALL = 0;
export const RECORD_NEXT = 1;
export const RECORD_NONE = 2;

const REQUESTERS = 0x1_0000;

export class RequesterCache {
  readonly state: Uint8Array = new Uint8Array(REQUESTERS);
  readonly domain: Int32Array = new Int32Array(REQUESTERS);
  readonly tableFrame: Float64Array = new Float64Array(REQUESTERS);
  readonly levels: Uint8Array = new Uint8Array(REQUESTERS);
  /** Permissions that the device entry itself grants: CAN_READ | CAN_WRITE. */
  readonly permissions: Uint8Array = new Uint8Array(REQUESTERS);
  /** Whether faults of the requester are recorded. */
  readonly recording: Uint8Array = new Uint8Array(REQUESTERS);

  invalidateAll(): void {
    this.state.fill(NOT_CACHED);
  }

  invalidate(requester: number): void {
    this.state[requester] = NOT_CACHED;
  }

  /** Forgets every requester whose low 16 bits equal `requester` outside the masked-off bits. */
  invalidateMatching(requester: number, ignored: number): void {
    const kept = requester & ~ignored;
    // From one subset of the bits to the next smaller one, the empty one last: 8 requesters, not 65,536.
    for (let bits = ignored; ; bits = (bits - 1) & ignored) {
      this.state[kept | bits] = NOT_CACHED;
      if (bits === 0) break;
    }
  }

  invalidateDomain(domain: number): void {
    for (let candidate = 0; candidate < REQUESTERS; candidate++)
      if (this.domain[candidate] === domain) this.state[candidate] = NOT_CACHED;
  }
}
