// A scripted kernel under dirty tracking: it clears, removes and fails where it is told to.

import { abiProfile } from "../src/abi/profile.ts";
import { bytes, hostAddress, type Iova, iova } from "../src/address/address.ts";
import type { BackendSession } from "../src/contract/backend.ts";
import type { BitmapTarget, DirtyBitmap, DirtySession, IovaExtent } from "../src/contract/dirty.ts";
import type { Mapping } from "../src/contract/dma-path.ts";
import { DirtyTracker } from "../src/dirty/tracker.ts";
import { Ledger } from "../src/dma/ledger.ts";
import { type ErrorDetails, IommuError } from "../src/errors/base.ts";
import { MemoryTable } from "../src/memory/memory-table.ts";
import type { HostMemory, KernelPort } from "../src/port/kernel-port.ts";

export const PAGE = 4096;
export const WINDOW = {
  kind: "fixed",
  start: iova(0),
  last: iova(2n ** 40n - 1n),
  pageSize: PAGE,
  hardwarePageSizes: 4096n,
} as const;
const HOST = hostAddress(0x7f00_0000_0000n);

/** A mapping inside the scripted kernel: its pages, and those that were written. */
export interface Held {
  readonly first: number;
  readonly pages: number;
  readonly dirty: Set<number>;
}

export interface Script {
  readonly maxBitmapBytes?: number;
  /** Whether the kernel tells which mappings it has. Default yes. */
  readonly confirms?: boolean;
  readonly offered?: boolean;
  readonly bigEndian?: boolean;
}

/** What goes wrong in the next calls: the number of mappings after which they fault, or all is well. */
export type Fault = number | "before" | "after" | undefined;

export class World {
  readonly held: Held[] = [];
  readonly calls: string[] = [];
  readonly memories: { closed: boolean; readonly bytes: Uint8Array }[] = [];
  readonly table = new MemoryTable();
  readonly ledger: Ledger;
  readonly tracker: DirtyTracker;
  fault: Fault;
  /** Calls, counted from the first, that meet no fault. */
  soundCalls = 0;
  mapMemoryAnswers: number | undefined;
  munmapAnswers = 0;

  constructor(script: Script = {}) {
    const abi = script.bigEndian === true ? abiProfile("ppc64", PAGE) : abiProfile("x86_64", PAGE);
    const session: Partial<BackendSession> = {
      capabilities: { "dirty-tracking": { offered: false, reason: "scripted so" } },
      ...(script.offered !== false && { dirty: this.#session(script) }),
      ...(script.confirms !== false && {
        addressUpdate: {
          invalidate: unused,
          invalidateAll: unused,
          supply: unused,
          confirm: (mapping: Mapping) =>
            this.#find(Number(mapping.iova) / PAGE) === undefined ? "gone" : "held",
        },
      }),
    };
    this.ledger = new Ledger({
      memory: this.table,
      needsRegistration: false,
      writeOnlyRefused: () => undefined,
      mappingLimit: undefined,
      removed: (entry) => this.tracker.lose(entry),
    });
    this.ledger.setWindows([WINDOW]);
    const port: Partial<KernelPort> = { abi, mapMemory: ({ length }) => this.#memory(length) };
    // Only what the tracker calls is there; anything else would be a TypeError in the test.
    this.tracker = new DirtyTracker(port as KernelPort, () => ({
      session: session as BackendSession,
      ledger: this.ledger,
      hold: unused,
    }));
  }

  map(first: number, pages: number): void {
    this.ledger.add(at(first), HOST, bytes(pages * PAGE), "read-write");
    this.held.push({ first, pages, dirty: new Set() });
    this.held.sort((a, b) => a.first - b.first);
  }

  write(page: number): boolean {
    const held = this.held.find(({ first, pages }) => first <= page && page < first + pages);
    held?.dirty.add(page);
    return held !== undefined;
  }

  #find(first: number): Held | undefined {
    return this.held.find((each) => each.first === first);
  }

  #memory(length: number): HostMemory | number {
    if (this.mapMemoryAnswers !== undefined) return this.mapMemoryAnswers;
    const memory = { closed: false, bytes: new Uint8Array(length) };
    this.memories.push(memory);
    return {
      address: BigInt(this.memories.length) << 20n,
      bytes: memory.bytes,
      pageSize: PAGE,
      close: () => {
        if (this.munmapAnswers === 0) memory.closed = true;
        return this.munmapAnswers;
      },
    };
  }

  #session(script: Script): DirtySession {
    const answer = (name: string): void => {
      this.calls.push(name);
      if (this.fault !== undefined) throw faulted(name);
    };
    const walk = (where: bigint, size: bigint, into: BitmapTarget, visit: (one: Held) => void) => {
      const fault = this.calls.length > this.soundCalls ? this.fault : undefined;
      if (fault === "before") throw faulted("walk");
      const base = Number(where) / PAGE;
      const met = this.held.filter(
        ({ first }) => first >= base && first < base + Number(size) / PAGE,
      );
      for (const [index, one] of met.entries()) {
        if (index === fault) throw faulted("walk");
        for (const page of one.dirty) this.#setBit(into, page - base, script.bigEndian === true);
        // Garbage above the mapping's last page, as 6.12 leaves it.
        this.#setBit(into, one.first + one.pages - base, script.bigEndian === true);
        visit(one);
      }
      if (fault === "after" || typeof fault === "number") throw faulted("walk");
    };
    return {
      pageSize: PAGE,
      maxBitmapBytes: script.maxBitmapBytes ?? 1 << 20,
      start: () => answer("start"),
      stop: () => answer("stop"),
      query: (where, size, into) => {
        this.calls.push(`query ${where / 4096n}+${size / 4096n}`);
        walk(where, size, into, (one) => one.dirty.clear());
      },
      unmap: (where, size, _expected, into) => {
        this.calls.push(`unmap ${where / 4096n}+${size / 4096n}`);
        walk(where, size, into, (one) => this.held.splice(this.held.indexOf(one), 1));
      },
    };
  }

  #setBit(into: BitmapTarget, bit: number, bigEndian: boolean): void {
    const memory = this.memories[Number(into.address >> 20n) - 1];
    const byte = bigEndian ? (bit >> 3) ^ 7 : bit >> 3;
    if (memory === undefined || byte >= into.length) return;
    memory.bytes[byte] = (memory.bytes[byte] ?? 0) | (1 << (bit & 7));
  }
}

function unused(): never {
  throw new Error("not scripted");
}

function faulted(operation: string): IommuError {
  const details: ErrorDetails = { code: "kernel-misbehaved", operation, sentence: "EFAULT" };
  return new IommuError(details);
}

export function at(page: number): Iova {
  return iova(page * PAGE);
}

export function pagesOf(extents: Iterable<IovaExtent>): number[] {
  return [...extents].flatMap(({ iova: where, size }) =>
    Array.from({ length: Number(size) / PAGE }, (_, i) => Number(where) / PAGE + i),
  );
}

export function query(world: World, first: number, pages: number): DirtyBitmap {
  return world.tracker.query(at(first), bytes(pages * PAGE));
}

export function thrown(action: () => unknown): IommuError {
  try {
    action();
  } catch (error) {
    if (error instanceof IommuError) return error;
    throw error;
  }
  throw new Error("expected an error");
}

export function started(script: Script = {}): World {
  const world = new World(script);
  world.map(1, 3);
  world.map(6, 2);
  world.tracker.start();
  return world;
}
