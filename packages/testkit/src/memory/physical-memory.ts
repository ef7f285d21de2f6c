// The simulated machine's RAM: real bytes behind page frames at made-up physical addresses.
//
// Everything that reaches memory by physical address goes through here: devices through the bus,
// the IOMMU when it reads a ring. An access to a frame that is free or does not exist is recorded
// and touches no live byte, so "DMA after free" is a fact a test can state. Frames are 4 KiB.
// Devices must never be given this object; they have the bus.

import { type FrameBlock, FrameBlocks, offsetInBlock } from "./frame-blocks.ts";
import type { FrameAllocation, FrameLayout } from "./physical-memory-types.ts";
import { SeededRandom } from "./random.ts";
import { TableArena } from "./table-arena.ts";
import { TableChunks } from "./table-chunks.ts";

export interface PhysicalMemoryOptions {
  /** Decides the order of scattered frames. Default 1. */
  readonly seed?: number;
  /** Width of physical addresses. Default 46 bits, which every IOMMU here can write in an entry. */
  readonly addressBits?: number;
  /** Freed bytes overwritten per allocation. Default 64 MiB, since filling commits real memory. */
  readonly poisonLimit?: number;
}

/** A read or write by physical address that met no live memory. */
export interface StrayAccess {
  readonly frame: number;
  readonly offset: number;
  readonly length: number;
  readonly access: "read" | "write";
  /** `freed`: it was memory once. `absent`: nothing was ever there, or long ago. */
  readonly kind: "freed" | "absent";
}

/** What the former owner, and a device that reads freed memory, see. */
export const POISON_BYTE = 0xdb;
/** What a PC answers for an address with no memory behind it. */
const ABSENT_BYTE = 0xff;
const MOST_RECORDS = 10_000;

export class PhysicalMemory {
  readonly tables: TableArena = new TableArena();
  /** Tables of many contiguous frames. */
  readonly chunks: TableChunks = new TableChunks();
  readonly #blocks: FrameBlocks;
  readonly #owned = new Map<FrameAllocation, FrameBlock>();
  readonly #poisonLimit: number;
  #strays: StrayAccess[] = [];
  readonly #whenFreed: (() => void)[] = [];

  constructor(options: PhysicalMemoryOptions = {}) {
    this.#blocks = new FrameBlocks(new SeededRandom(options.seed ?? 1), options.addressBits ?? 46);
    this.#poisonLimit = options.poisonLimit ?? 64 * 1024 * 1024;
  }

  /** Allocations not freed yet: what a leak check compares. */
  get liveAllocations(): number {
    return this.#owned.size;
  }

  /** Calls the listener, for ever, whenever memory goes away: bytes that `bytesFrom` gave may be gone too. */
  whenFreed(listener: () => void): void {
    this.#whenFreed.push(listener);
  }

  /**
   * Zeroed memory. The host commits its pages when they are first written. `unit` frames, a power of
   * two that divides `frames`, stay together where a layout scatters: a large page's.
   */
  allocate(frames: number, layout: FrameLayout, unit: number = 1): FrameAllocation {
    if (!Number.isSafeInteger(frames) || frames < 1 || frames % unit !== 0)
      throw new RangeError(`cannot allocate ${frames} frames in units of ${unit}`);
    const block = this.#blocks.place(frames, layout, unit);
    const allocation = { bytes: block.bytes ?? new Uint8Array(0), runs: block.runs };
    this.#owned.set(allocation, block);
    return allocation;
  }

  /** Poisons the bytes; from now on every access to the frames is a stray one. */
  free(allocation: FrameAllocation): void {
    const block = this.#owned.get(allocation);
    if (block === undefined) throw new Error("this allocation is not live");
    this.#owned.delete(allocation);
    allocation.bytes.fill(POISON_BYTE, 0, this.#poisonLimit);
    this.#blocks.quarantine(block);
    for (const listener of this.#whenFreed) listener();
  }

  /** Copies from one frame; `offset + into.length` is at most 4096. False when it was stray. */
  read(frame: number, offset: number, into: Uint8Array): boolean {
    const block = this.#blocks.find(frame);
    const start = block === undefined ? -1 : offsetInBlock(block, frame);
    if (block?.bytes !== undefined && start >= 0) {
      into.set(block.bytes.subarray(start + offset, start + offset + into.length));
      return true;
    }
    if (this.tables.has(frame)) {
      this.tables.readBytes(frame, offset, into);
      return true;
    }
    if (this.chunks.has(frame)) {
      this.chunks.readBytes(frame, offset, into);
      return true;
    }
    into.fill(this.#stray(frame, offset, into.length, "read"));
    return false;
  }

  /** Copies into one frame; false when it was stray, and then no byte changed. */
  write(frame: number, offset: number, from: Uint8Array): boolean {
    const block = this.#blocks.find(frame);
    const start = block === undefined ? -1 : offsetInBlock(block, frame);
    if (block?.bytes !== undefined && start >= 0) {
      block.bytes.set(from, start + offset);
      return true;
    }
    if (this.tables.has(frame)) {
      this.tables.writeBytes(frame, offset, from);
      return true;
    }
    if (this.chunks.has(frame)) {
      this.chunks.writeBytes(frame, offset, from);
      return true;
    }
    this.#stray(frame, offset, from.length, "write");
    return false;
  }

  /** A little-endian 32-bit word, `word` counted from the frame's start. */
  load32(frame: number, word: number): number {
    if (this.tables.has(frame)) return this.tables.words[this.tables.indexOf(frame) + word] ?? 0;
    const bytes = new Uint8Array(4);
    this.read(frame, word * 4, bytes);
    return new DataView(bytes.buffer).getUint32(0, true);
  }

  store32(frame: number, word: number, value: number): void {
    if (this.tables.has(frame)) {
      this.tables.storeWord(frame, word, value);
      return;
    }
    const bytes = new Uint8Array(4);
    new DataView(bytes.buffer).setUint32(0, value, true);
    this.write(frame, word * 4, bytes);
  }

  /** Whether live memory, data or table, is behind the frame. */
  isLive(frame: number): boolean {
    if (this.tables.has(frame) || this.chunks.has(frame)) return true;
    const block = this.#blocks.find(frame);
    return block?.bytes !== undefined && offsetInBlock(block, frame) >= 0;
  }

  /**
   * The live bytes themselves, from the start of this frame to the end of its physically contiguous
   * allocation: every later write shows in them. For hardware that reads big tables; good until
   * `whenFreed` calls. Nothing for table frames, scattered pages and absent memory.
   */
  bytesFrom(frame: number): Uint8Array | undefined {
    const block = this.#blocks.find(frame);
    if (block?.bytes === undefined || block.unitOfSlot !== undefined) return undefined;
    return block.bytes.subarray(offsetInBlock(block, frame));
  }

  /** Stray accesses since the last call, oldest first; at most the first 10,000 are kept. */
  takeStrayAccesses(): readonly StrayAccess[] {
    const taken = this.#strays;
    this.#strays = [];
    return taken;
  }

  /** Records it, and answers the byte a reader sees. */
  #stray(frame: number, offset: number, length: number, access: "read" | "write"): number {
    const block = this.#blocks.find(frame);
    const wasData = block !== undefined && offsetInBlock(block, frame) >= 0;
    const wasMemory = wasData || this.chunks.had(frame);
    const kind = wasMemory ? "freed" : "absent";
    if (this.#strays.length < MOST_RECORDS)
      this.#strays.push({ frame, offset, length, access, kind });
    return wasMemory ? POISON_BYTE : ABSENT_BYTE;
  }
}

/** The frame behind page `page` of an allocation, in the process's order. */
export function frameOfPage(allocation: FrameAllocation, page: number): number {
  let before = 0;
  for (const run of allocation.runs) {
    if (page < before + run.frames) return run.firstFrame + page - before;
    before += run.frames;
  }
  throw new RangeError(`the allocation has no page ${page}`);
}
