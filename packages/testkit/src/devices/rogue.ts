// A device that obeys nobody: it tries every address it can think of and says what it reached.
//
// It needs no driver and no bus mastering, only a bus; the IOMMU is all that stands in its way. Its
// reports are in bytes, so that "isolated" is a statement about memory and not about calls.

import type { DmaBus } from "../memory/bus.ts";

/** A range of bus addresses that the device was told about; the last byte is `start + size - 1`. */
export interface BusRange {
  readonly start: bigint;
  readonly size: bigint;
}

export interface ReachReport {
  /** Ranges in which the device moved bytes, in address order, neighbours joined. */
  readonly reached: readonly BusRange[];
  readonly bytesReached: bigint;
  readonly bytesBlocked: bigint;
  /** Accesses that an IOMMU refused. */
  readonly blockedAccesses: number;
}

export type RogueAccess = "read" | "write";

const PAGE = 4096n;
const TOP = 1n << 64n;
/** What a rogue write leaves behind, so that a test finds it. */
export const ROGUE_BYTE = 0x66;

export class RogueDevice {
  readonly requester: number;
  readonly #bus: DmaBus;

  constructor(bus: DmaBus, requester: number) {
    this.#bus = bus;
    this.requester = requester;
  }

  read(address: bigint, length: number): Uint8Array {
    const bytes = new Uint8Array(length);
    this.#bus.dmaRead(this.requester, address, bytes);
    return bytes;
  }

  /** Sends every byte of a range, page by page, and reports what went through. */
  sweep(range: BusRange, access: RogueAccess): ReachReport {
    const report = new ReportBuilder();
    const end = range.start + range.size;
    for (let at = range.start; at < end; ) {
      const pageEnd = (at / PAGE + 1n) * PAGE;
      const length = Number((pageEnd < end ? pageEnd : end) - at);
      this.#try(at, length, access, report);
      at += BigInt(length);
    }
    return report.done();
  }

  /** One access at the first byte of each page of a range: which pages answer, for large ranges. */
  probePages(range: BusRange, access: RogueAccess): ReachReport {
    const report = new ReportBuilder();
    for (let at = range.start; at < range.start + range.size; at += PAGE)
      this.#try(at, 1, access, report);
    return report.done();
  }

  /** Reaches for the byte before and the byte after each range it was told about. */
  overreach(told: readonly BusRange[], access: RogueAccess): ReachReport {
    const report = new ReportBuilder();
    for (const { start, size } of told)
      for (const address of [start - 1n, start + size])
        if (address >= 0n && address < TOP) this.#try(address, 1, access, report);
    return report.done();
  }

  #try(address: bigint, length: number, access: RogueAccess, report: ReportBuilder): void {
    const bytes = new Uint8Array(length).fill(ROGUE_BYTE);
    const result =
      access === "read"
        ? this.#bus.dmaRead(this.requester, address, bytes)
        : this.#bus.dmaWrite(this.requester, address, bytes);
    report.add(address, length, result.moved, result.faults.length);
  }
}

class ReportBuilder {
  readonly #reached: BusRange[] = [];
  #bytesReached = 0n;
  #bytesBlocked = 0n;
  #blockedAccesses = 0;

  add(address: bigint, length: number, moved: number, faults: number): void {
    this.#bytesReached += BigInt(moved);
    this.#bytesBlocked += BigInt(length - moved);
    this.#blockedAccesses += faults;
    if (moved === 0) return;
    const last = this.#reached.at(-1);
    const joins = last !== undefined && last.start + last.size === address;
    if (joins) this.#reached.pop();
    const start = joins ? last.start : address;
    this.#reached.push({ start, size: address + BigInt(moved) - start });
  }

  done(): ReachReport {
    return {
      reached: this.#reached,
      bytesReached: this.#bytesReached,
      bytesBlocked: this.#bytesBlocked,
      blockedAccesses: this.#blockedAccesses,
    };
  }
}
