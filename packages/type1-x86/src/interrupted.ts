// Repeats a call that a signal interrupted before it changed anything.
//
// Only for MAP_DMA, whose EINTR means just that: it comes while the call waits for the lock of the
// address space, and what was pinned before is given back (vfio_lock_acct, vfio_iommu_type1.c, 6.12).

import type { AbiProfile } from "@iommukit/core";
import { errnoNumber } from "@iommukit/core/abi";

/** Times that a call is repeated before -EINTR is handed on. */
const MAX_INTERRUPTIONS = 32;

/** The call, repeated while it is interrupted. Bound once: it allocates nothing. */
export function uninterrupted(abi: AbiProfile, call: () => number): () => number {
  const repeat = repeatInterrupted(abi, call);
  return () => repeat(call());
}

/** For a call that was made: repeats it while it is interrupted, and answers the last result. */
export function repeatInterrupted(abi: AbiProfile, call: () => number): (first: number) => number {
  const interrupted = -errnoNumber(abi, "EINTR");
  return (first) => {
    let result = first;
    for (let more = MAX_INTERRUPTIONS; result === interrupted && more > 0; more--) result = call();
    return result;
  };
}

/** The same for a call off the event loop. */
export function uninterruptedAsync(
  abi: AbiProfile,
  call: () => Promise<number>,
): () => Promise<number> {
  const interrupted = -errnoNumber(abi, "EINTR");
  return async () => {
    let result = await call();
    for (let more = MAX_INTERRUPTIONS; result === interrupted && more > 0; more--)
      result = await call();
    return result;
  };
}
