// The locked memory of one process: VmLck, RLIMIT_MEMLOCK and CAP_IPC_LOCK.
//
// Pages are counted for each mapping, not for each frame: a page mapped at eight addresses costs
// eight (type1.md 2.5).

export class LockedMemory {
  /** Pages now locked (VmLck), by mappings and by anything else. */
  pages = 0;
  /** RLIMIT_MEMLOCK in whole pages; Infinity is "unlimited". */
  limitPages: number;
  /** Whether CAP_IPC_LOCK lifts the limit; the count grows all the same. */
  unlimited: boolean;

  constructor(limitPages: number, unlimited: boolean) {
    this.limitPages = limitPages;
    this.unlimited = unlimited;
  }

  /** How many more pages a caller may lock. */
  room(): number {
    return this.unlimited ? Number.POSITIVE_INFINITY : Math.max(0, this.limitPages - this.pages);
  }
}
