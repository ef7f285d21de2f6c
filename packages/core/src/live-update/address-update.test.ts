// New host addresses over a scripted kernel: ledger and kernel agree after every failure.

import { describe, expect, test } from "vitest";
import {
  bytes,
  type HostAddress,
  hostAddress,
  hostPlus,
  type Iova,
  iova,
} from "../address/address.ts";
import type { BackendSession } from "../contract/backend.ts";
import type { Mapping } from "../contract/dma-path.ts";
import type { AddressUpdate, AddressUpdateSession } from "../contract/live-update.ts";
import { Ledger } from "../dma/ledger.ts";
import { IommuError } from "../errors/base.ts";
import { MemoryTable } from "../memory/memory-table.ts";
import { createAddressUpdate } from "./address-update.ts";

const PAGE = 4096;
const SIZE = bytes(PAGE);
const OLD = hostAddress(0x1000_0000n);
const NEW = hostAddress(0x2000_0000n);
const WINDOW = {
  kind: "fixed",
  start: iova(0),
  last: iova(0xffff_ffffn),
  pageSize: PAGE,
  hardwarePageSizes: 4096n,
} as const;

interface Held {
  host: HostAddress;
  valid: boolean;
}

/** Which call, counted from 1, fails, and whether it did its work before. */
interface Fault {
  readonly call: number;
  readonly when: "before" | "after";
}

class World {
  readonly held: Map<Iova, Held> = new Map();
  readonly memory = new MemoryTable();
  readonly ledger: Ledger;
  readonly addresses: AddressUpdate;
  faults: readonly Fault[] = [];
  /** What the kernel answers when it is asked for a mapping; undefined for the truth. */
  confirms: ((address: "valid" | "invalid") => "held" | undefined) | undefined;
  calls = 0;

  constructor(pages: number, offered = true) {
    this.ledger = new Ledger({
      memory: this.memory,
      needsRegistration: false,
      writeOnlyRefused: () => undefined,
      mappingLimit: undefined,
    });
    this.ledger.setWindows([WINDOW]);
    const session: Partial<BackendSession> = {
      capabilities: {},
      ...(offered && { addressUpdate: this.#session() }),
    };
    this.addresses = createAddressUpdate(() => ({
      // Only what the update calls is there; anything else would be a TypeError in the test.
      session: session as BackendSession,
      ledger: this.ledger,
      hold: () => {
        throw new Error("not scripted");
      },
    }));
    for (let page = 0; page < pages; page++) {
      const host = hostPlus(OLD, page * PAGE);
      this.ledger.add(at(page), host, SIZE, "read-write");
      this.held.set(at(page), { host, valid: true });
    }
  }

  /** Address and validity of each mapping, as the kernel has them. */
  kernel(): string[] {
    return [...this.held.values()].map(({ host, valid }) => `${host}${valid ? "" : " invalid"}`);
  }

  /** The same as the ledger has them. */
  recorded(): string[] {
    const invalid = new Set(this.addresses.invalid().map((mapping) => mapping.iova));
    return this.ledger
      .mappings()
      .map(({ iova: where, host }) => `${host}${invalid.has(where) ? " invalid" : ""}`);
  }

  #session(): AddressUpdateSession {
    const run = (work: () => void): void => {
      this.calls++;
      const fault = this.faults.find(({ call }) => call === this.calls);
      if (fault?.when !== "before") work();
      if (fault !== undefined) throw refused();
    };
    const invalidate = (first: bigint, last: bigint): void =>
      run(() => {
        for (const [where, held] of this.held)
          if (where >= first && where <= last) held.valid = false;
      });
    return {
      invalidate: (where, size) => invalidate(where, where + size - 1n),
      invalidateAll: () => invalidate(0n, WINDOW.last),
      supply: (where, _size, host) => run(() => this.#set(where, { host, valid: true })),
      confirm: (mapping: Mapping, address) => {
        const held = this.held.get(mapping.iova);
        if (held === undefined) return "gone";
        if (this.confirms !== undefined) return this.confirms(address);
        if (address === "valid") held.host = mapping.host;
        held.valid = address === "valid";
        return "held";
      },
    };
  }

  #set(where: Iova, next: Held): void {
    const held = this.held.get(where);
    if (held !== undefined) Object.assign(held, next);
  }
}

function refused(): IommuError {
  return new IommuError({ code: "out-of-memory", operation: "script", sentence: "ENOMEM" });
}

function at(page: number): Iova {
  return iova(page * PAGE);
}

function codeOf(action: () => unknown): unknown {
  try {
    action();
  } catch (error) {
    return error instanceof IommuError ? `${error.operation}: ${error.code}` : error;
  }
  return undefined;
}

function supplyAll(world: World, pages: number): void {
  world.addresses.supply(
    Array.from({ length: pages }, (_, page) => ({
      iova: at(page),
      size: SIZE,
      host: hostPlus(NEW, page * PAGE),
    })),
  );
}

describe("invalidate", () => {
  test.each(["before", "after"] as const)(
    "rule LU1: one that fails %s it did its work leaves every address valid",
    (when) => {
      const world = new World(3);
      world.faults = [{ call: 1, when }];
      expect(codeOf(() => world.addresses.invalidateAll())).toBe("script: out-of-memory");
      expect(world.kernel()).toEqual(world.recorded());
      expect(world.addresses.invalid()).toEqual([]);
      world.addresses.invalidate(at(1), SIZE);
      expect(world.addresses.invalid().map((mapping) => mapping.iova)).toEqual([at(1)]);
      expect(world.kernel()).toEqual(world.recorded());
    },
  );

  test("error: not offered, and while a chunked map runs", () => {
    const none = new World(1, false).addresses;
    expect(codeOf(() => none.invalidateAll())).toBe("invalidateAll: not-offered");
    const world = new World(1);
    world.ledger.addPending(at(5), NEW, SIZE, "read");
    expect(codeOf(() => world.addresses.invalidateAll())).toBe("invalidateAll: wrong-state");
    expect(codeOf(() => world.addresses.invalidate(at(5), SIZE))).toBe("invalidate: wrong-state");
    expect(world.calls).toBe(0);
  });
});

describe("supply", () => {
  const cases = [1, 2, 3].flatMap((step) =>
    (["before", "after"] as const).map((when) => ({ step, when })),
  );

  test.each(cases)(
    "behavior: step $step fails $when its work: all are invalid with the old address",
    ({ step, when }) => {
      const world = new World(3);
      world.addresses.invalidateAll();
      const before = world.recorded();
      world.faults = [{ call: 1 + step, when }];
      expect(codeOf(() => supplyAll(world, 3))).toBe("script: out-of-memory");
      expect(world.recorded()).toEqual(before);
      expect(world.kernel().map((each) => each.endsWith("invalid"))).toEqual([true, true, true]);
      supplyAll(world, 3);
      expect(world.recorded()).toEqual(world.kernel());
      expect(world.recorded()[2]).toBe(String(hostPlus(NEW, 2 * PAGE)));
    },
  );

  test("error: what cannot be undone is told, and recorded as the kernel has it", () => {
    const world = new World(2);
    world.addresses.invalidateAll();
    world.faults = [
      { call: 3, when: "before" },
      { call: 4, when: "before" },
    ];
    expect(codeOf(() => supplyAll(world, 2))).toBe("undo: kernel-misbehaved");
    expect(world.recorded()).toEqual(world.kernel());
    expect(world.addresses.invalid().map((mapping) => mapping.iova)).toEqual([at(1)]);
  });

  test("error: an address that stays valid when it is taken back is recorded as valid", () => {
    const world = new World(2);
    world.addresses.invalidateAll();
    world.faults = [{ call: 3, when: "before" }];
    world.confirms = (address) => (address === "valid" ? "held" : undefined);
    expect(codeOf(() => supplyAll(world, 2))).toBe("undo: kernel-misbehaved");
    expect(world.recorded()).toEqual([String(OLD), `${hostPlus(OLD, PAGE)} invalid`]);
    const silent = new World(2);
    silent.addresses.invalidateAll();
    silent.faults = [{ call: 3, when: "before" }];
    silent.confirms = () => undefined;
    expect(codeOf(() => supplyAll(silent, 2))).toBe("undo: kernel-misbehaved");
    expect(silent.recorded()).toEqual(silent.kernel());
  });

  test("behavior: uses of memory move with the address, and go with the mapping", () => {
    const world = new World(1);
    const frame = (host: HostAddress): number => Number(host / 4096n);
    const old = world.memory.add(frame(OLD), frame(OLD) + 1);
    const next = world.memory.add(frame(NEW), frame(NEW) + 1);
    world.addresses.invalidateAll();
    expect([old?.uses, next?.uses]).toEqual([1, 0]);
    supplyAll(world, 1);
    expect([old?.uses, next?.uses]).toEqual([0, 1]);
    world.ledger.removeAll(world.ledger.admitUnmap(at(0), SIZE));
    expect([old?.uses, next?.uses]).toEqual([0, 0]);
    expect(world.ledger.invalid).toBe(0);
  });

  test("behavior: an invalid mapping that is removed is invalid no more", () => {
    const world = new World(2);
    world.addresses.invalidateAll();
    world.ledger.removeAll(world.ledger.admitUnmap(at(0), SIZE));
    expect(world.ledger.invalid).toBe(1);
    world.ledger.clear();
    expect(world.ledger.invalid).toBe(0);
  });
});
