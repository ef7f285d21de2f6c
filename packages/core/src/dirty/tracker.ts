// Dirty tracking of one container: what is on, what is not reported yet, and the order of each call.
//
// Bits that left the kernel and did not reach the caller exist nowhere else. So a range is entered as
// lost before anything can fail, and taken off only when its bitmap is handed out (I31, I32).

import { type ByteSize, framesToSize, frameToIova, type Iova } from "../address/address.ts";
import type { DirtyBitmap, DirtySession, DirtyTracking, FinalDirty } from "../contract/dirty.ts";
import { goneOf } from "../dma/after-failure.ts";
import type { Enabled, EnabledState } from "../dma/dma-engine.ts";
import type { TableEntry } from "../dma/mapping-table.ts";
import { notOffered } from "../dma/refusals.ts";
import { UndoStack, undone } from "../dma/undo.ts";
import type { KernelPort } from "../port/kernel-port.ts";
import { bitmapBytes, toBitOrder } from "./bits.ts";
import { BitmapBuffer } from "./buffer.ts";
import { type FrameRange, FrameRanges, toExtent } from "./frame-ranges.ts";
import { type DirtyCall, planCalls } from "./plan.ts";
import { alreadyActive, notActive, nowUnknown, tooManyPages } from "./refusals.ts";
import { DirtyReport, framesOf } from "./report.ts";

/** Bitmap bytes of a call of several mappings: 32 GiB in pages of 4 KiB. One mapping may need more. */
const PREFERRED_BYTES = 1024 * 1024;
/** Pages of one answer: a bitmap of 1 GiB. */
const MOST_PAGES = 2 ** 33;

/** The container as it is, and its backend's tracking. */
type Tracked = Enabled & { readonly dirty: DirtySession };

/** The `DirtyTracking` of one container. */
export function createDirtyTracking(tracker: DirtyTracker): DirtyTracking {
  return Object.freeze({
    get active(): boolean {
      return tracker.active;
    },
    start: (): void => tracker.start(),
    query: (iova: Iova, size: ByteSize): DirtyBitmap => tracker.query(iova, size),
    unmapWithDirty: (iova: Iova, size: ByteSize): DirtyBitmap => tracker.unmap(iova, size),
    stop: (): FinalDirty => tracker.stop(),
  });
}

export class DirtyTracker {
  readonly #port: KernelPort;
  readonly #enabled: EnabledState;
  readonly #lost = new FrameRanges();
  readonly #buffer: BitmapBuffer;
  #active = false;

  constructor(port: KernelPort, enabled: EnabledState) {
    this.#port = port;
    this.#enabled = enabled;
    this.#buffer = new BitmapBuffer(port);
  }

  get active(): boolean {
    return this.#active;
  }

  /** What devices wrote to these frames will not be told by the kernel. */
  lose({ start, end }: FrameRange): void {
    if (this.#active) this.#lost.add(start, end);
  }

  start(): void {
    const { ledger, dirty } = this.#offered("start");
    if (this.#active) throw alreadyActive();
    plan(dirty, ledger.entries());
    const undo = new UndoStack();
    try {
      // START that failed in the middle left bitmaps behind before 6.12.35; STOP frees them.
      undo.push(() => dirty.stop());
      dirty.start();
    } catch (error) {
      throw undone(error, undo.unwind());
    }
    this.#active = true;
  }

  query(iova: Iova, size: ByteSize): DirtyBitmap {
    const operation = "query";
    const { ledger, dirty } = this.#tracked(operation);
    const entries = ledger.admitWhole(iova, size, operation);
    checkPages(operation, size, dirty);
    const calls = this.#prepare(dirty, entries);
    const { start, end } = framesOf({ iova, size });
    const lost = this.#lost.within(start, end);
    const report = new DirtyReport({ iova, size }, dirty.pageSize, entries);
    this.#lost.add(start, end);
    try {
      for (const call of calls) this.#read(dirty, call, report);
    } catch (error) {
      throw nowUnknown(operation, { iova, size }, error);
    }
    this.#lost.remove(start, end);
    return report.finish(lost);
  }

  unmap(iova: Iova, size: ByteSize): DirtyBitmap {
    const operation = "unmapWithDirty";
    const { session, ledger, dirty } = this.#tracked(operation);
    const entries = ledger.admitUnmap(iova, size, operation);
    checkPages(operation, size, dirty);
    const calls = this.#prepare(dirty, entries);
    const { start, end } = framesOf({ iova, size });
    const lost = this.#lost.within(start, end);
    const report = new DirtyReport({ iova, size }, dirty.pageSize, entries);
    this.#lost.add(start, end);
    for (const call of calls) {
      try {
        this.#unmapOne(dirty, call, report);
        ledger.removeAll(call.entries);
      } catch (error) {
        // 6.12 unmaps one after the other and stops at a fault.
        ledger.removeAll(goneOf(session, call.entries));
        const stillMapped = bytesOf(ledger.admitWhole(iova, size, operation));
        const removed = bytesOf(entries) - stillMapped;
        throw nowUnknown(operation, { iova, size }, error, { removed, stillMapped });
      }
    }
    this.#lost.remove(start, end);
    return report.finish(lost);
  }

  stop(): FinalDirty {
    const { ledger, dirty } = this.#tracked("stop");
    const entries = ledger.entries();
    const lost = this.#lost.copy();
    for (const entry of entries) this.lose(entry);
    const bitmaps = plan(dirty, entries).map((call) => this.#last(dirty, call, lost));
    dirty.stop();
    this.#active = false;
    this.#lost.clear();
    return { bitmaps, unknown: lost.all.map(toExtent) };
  }

  /** Frees the buffer, at the container's end. Valid errors: `kernel-refused`. */
  release(): void {
    this.#active = false;
    this.#lost.clear();
    this.#buffer.release();
  }

  #offered(operation: string): Tracked {
    const enabled = this.#enabled(operation);
    const { dirty, capabilities } = enabled.session;
    if (dirty === undefined) throw notOffered(capabilities, operation, "dirty-tracking");
    return { ...enabled, dirty };
  }

  #tracked(operation: string): Tracked {
    const tracked = this.#offered(operation);
    if (!this.#active) throw notActive(operation);
    return tracked;
  }

  /** The calls, with room for the largest: what can be refused is refused before any bit moves. */
  #prepare(dirty: DirtySession, entries: readonly TableEntry[]): readonly DirtyCall[] {
    const calls = plan(dirty, entries);
    this.#buffer.reserve(calls.reduce((most, call) => Math.max(most, bytesFor(dirty, call)), 0));
    return calls;
  }

  #read(dirty: DirtySession, call: DirtyCall, report: DirtyReport): void {
    const into = this.#buffer.zeroed(bytesFor(dirty, call));
    dirty.query(frameToIova(call.start), framesToSize(call.end - call.start), into);
    toBitOrder(this.#port.abi.byteOrder, into.bytes);
    report.add(call.start, call.entries, into.bytes);
  }

  #unmapOne(dirty: DirtySession, call: DirtyCall, report: DirtyReport): void {
    const into = this.#buffer.zeroed(bytesFor(dirty, call));
    const size = framesToSize(call.end - call.start);
    dirty.unmap(frameToIova(call.start), size, bytesOf(call.entries), into);
    toBitOrder(this.#port.abi.byteOrder, into.bytes);
    report.add(call.start, call.entries, into.bytes);
  }

  /** The last bitmap of some mappings; all of them are written when it cannot be read. */
  #last(dirty: DirtySession, call: DirtyCall, lost: FrameRanges): DirtyBitmap {
    const report = new DirtyReport(toExtent(call), dirty.pageSize, call.entries);
    try {
      this.#read(dirty, call, report);
    } catch {
      lost.add(call.start, call.end);
    }
    return report.finish(lost.within(call.start, call.end));
  }
}

function plan(dirty: DirtySession, entries: readonly TableEntry[]): readonly DirtyCall[] {
  const framesPerByte = (8 * dirty.pageSize) / 4096;
  const most = dirty.maxBitmapBytes * framesPerByte;
  return planCalls(entries, { most, preferred: PREFERRED_BYTES * framesPerByte });
}

function bytesFor(dirty: DirtySession, { start, end }: FrameRange): number {
  return bitmapBytes(((end - start) * 4096) / dirty.pageSize);
}

function bytesOf(entries: readonly TableEntry[]): ByteSize {
  return framesToSize(entries.reduce((sum, { start, end }) => sum + end - start, 0));
}

function checkPages(operation: string, size: ByteSize, { pageSize }: DirtySession): void {
  const most = BigInt(MOST_PAGES) * BigInt(pageSize);
  if (size > most) throw tooManyPages(operation, size, most);
}
