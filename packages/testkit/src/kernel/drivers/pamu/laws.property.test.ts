// Laws of the driver that need no history: inverse, order, attributes, and software against hardware.

import fc from "fast-check";
import { expect, test } from "vitest";
import type { HostMemory } from "../../port-types.ts";
import {
  dividedPamu,
  LIODN,
  type PamuReady,
  sameTables,
  tablesNow,
} from "../../testing/pamu-ready.ts";

const WINDOW = 65_536;
const WINDOWS = 16;
/** The hardware's answer for an access that it stops. */
const BLOCKED = -1;
const HUGE: ReadonlyMap<number, number> = new Map([[WINDOW, 64]]);
/** Word 1 of an entry: V and AP; word 4 and 5: where it leads, and how much of it. */
const LEFT_OVER: ReadonlyMap<number, number> = new Map([
  [1, 0x19],
  [4, 0xffff_ffff],
  [5, 0xffff_ffff],
]);

type Mode = "sdk-compat" | "strict";

/** What one window holds: RAM with access flags, or an MSI bank. */
type Content =
  | { readonly window: number; readonly flags: number }
  | { readonly window: number; readonly bank: number };

const mode = fc.constantFrom<Mode>("sdk-compat", "strict");
const contents: fc.Arbitrary<Content[]> = fc
  .tuple(
    fc.uniqueArray(fc.nat(WINDOWS - 1), { maxLength: 10, minLength: 1 }),
    fc.array(fc.constantFrom(1, 2, 3), { minLength: 10, maxLength: 10 }),
    fc.nat(3),
  )
  .map(([windows, flags, banks]) =>
    windows.map((window, index) =>
      index < banks ? { window, bank: index } : { window, flags: flags[index] ?? 3 },
    ),
  );

function ready(kind: Mode, start = 0): PamuReady {
  const machine = { mode: kind, release: "sdk-1.6", hugePages: HUGE } as const;
  return dividedPamu(machine, { size: WINDOW * WINDOWS, windows: WINDOWS, start });
}

function put({ client, container }: PamuReady, memory: HostMemory, content: Content): void {
  const iova = content.window * WINDOW;
  if ("bank" in content) {
    expect(client.mapMsi(container, content.bank, iova)).toBe(0);
    return;
  }
  const vaddr = memory.address + BigInt(content.window * WINDOW);
  expect(client.map(container, { vaddr, iova, size: WINDOW, flags: content.flags })).toBe(0);
}

function take({ client, container }: PamuReady, content: Content): void {
  const iova = content.window * WINDOW;
  const rc =
    "bank" in content ? client.unmapMsi(container, iova) : client.unmap(container, iova, WINDOW);
  expect(rc).toBe(0);
}

/** The same words, but for what a window that is off may keep. */
function alikeButLeftOvers(before: Uint32Array, after: Uint32Array): void {
  const [old, now] = [new DataView(before.buffer), new DataView(after.buffer)];
  for (let word = 0; word < before.length; word++) {
    const kept = ~(LEFT_OVER.get(word % 16) ?? 0);
    const [was, is] = [old.getUint32(4 * word), now.getUint32(4 * word)];
    if ((was & kept) !== (is & kept)) throw new Error(`P7: word ${word}: ${was} became ${is}`);
    if ((is & 1) !== 0 && word % 16 === 1 && (was & 1) === 0) throw new Error("P7: still valid");
  }
}

test("rule P7: unmap after map leaves the tables as they were, and SET WINDOWS exactly so", () => {
  fc.assert(
    fc.property(mode, contents, fc.infiniteStream(fc.nat()), (kind, chosen, order) => {
      const state = ready(kind);
      const memory = state.client.memory(WINDOW * WINDOWS, WINDOW);
      const before = tablesNow(state);
      const entries = state.driver.tables.pool.inUse;
      for (const content of chosen) put(state, memory, content);
      const left = [...chosen];
      while (left.length > 0)
        for (const content of left.splice(Number(order.next().value) % left.length, 1))
          take(state, content);
      alikeButLeftOvers(before, tablesNow(state));
      expect(state.client.setWindows(state.container, WINDOWS)).toBe(0);
      if (kind === "strict") {
        expect(sameTables(before, tablesNow(state))).toBe(true);
        expect(state.driver.tables.pool.inUse).toBe(entries);
      }
    }),
    { numRuns: 60 },
  );
});

test("rule P8: distinct windows may be mapped in any order", () => {
  fc.assert(
    fc.property(mode, contents, fc.infiniteStream(fc.nat()), (kind, chosen, order) => {
      const tablesAfter = (sequence: readonly Content[]): Uint32Array => {
        const state = ready(kind);
        const memory = state.client.memory(WINDOW * WINDOWS, WINDOW);
        for (const content of sequence) put(state, memory, content);
        return tablesNow(state);
      };
      const shuffled = [...chosen]
        .map((content) => ({ content, key: Number(order.next().value) }))
        .sort((a, b) => a.key - b.key)
        .map(({ content }) => content);
      expect(sameTables(tablesAfter(chosen), tablesAfter(shuffled))).toBe(true);
    }),
    { numRuns: 60 },
  );
});

test("rule P12: STASH changes cache ids only, OP-MAP operation mapping only, a window itself only", () => {
  fc.assert(
    fc.property(mode, contents, fc.nat(7), fc.nat(15), (kind, chosen, cpu, omi) => {
      const state = ready(kind);
      const memory = state.client.memory(WINDOW * WINDOWS, WINDOW);
      for (const content of chosen) {
        const before = tablesNow(state);
        put(state, memory, content);
        onlyWindowChanged(state, before, content.window);
      }
      const before = tablesNow(state);
      expect(state.client.setStash(state.container, cpu, 1)).toBe(0);
      onlyChanged(before, tablesNow(state), new Map([[3, 0xff_0000]]));
      const stashed = tablesNow(state);
      const [domain] = state.driver.domains;
      expect(domain?.setOperationMap(omi, 0xffff_ffff)).toBe(0);
      onlyChanged(
        stashed,
        tablesNow(state),
        new Map([
          [3, 3],
          [7, 0xffff],
        ]),
      );
    }),
    { numRuns: 40 },
  );
});

/** Words of the tables differ only in these bits of these words of an entry. */
function onlyChanged(a: Uint32Array, b: Uint32Array, bits: ReadonlyMap<number, number>): void {
  const [before, after] = [new DataView(a.buffer), new DataView(b.buffer)];
  for (let word = 0; word < a.length; word++) {
    const difference = before.getUint32(4 * word) ^ after.getUint32(4 * word);
    if ((difference & ~(bits.get(word % 16) ?? 0)) !== 0)
      throw new Error(`P12: word ${word} changed by 0x${(difference >>> 0).toString(16)}`);
  }
}

/** Only the window's own entry, and V of the LIODN. */
function onlyWindowChanged(state: PamuReady, before: Uint32Array, window: number): void {
  const after = tablesNow(state);
  const entryOf = (word: number): number => Math.floor(word / 16);
  // tablesNow: 64 primary entries, then the secondary ones from 0 on.
  const own = window === 0 ? LIODN : 64 + window - 1;
  for (let word = 0; word < before.length; word++) {
    if (before[word] === after[word]) continue;
    if (entryOf(word) !== own && entryOf(word) !== LIODN)
      throw new Error(`P12: mapping window ${window} changed entry ${entryOf(word)}`);
  }
}

test("rule P16: software and hardware differ only behind the mapped size, and in an alias's offset", () => {
  fc.assert(
    fc.property(
      mode,
      contents,
      fc.array(fc.tuple(fc.nat(WINDOWS), fc.nat(WINDOW - 1)), { maxLength: 40 }),
      (kind, chosen, accesses) => {
        const state = ready(kind);
        const memory = state.client.memory(WINDOW * WINDOWS, WINDOW);
        for (const content of [...chosen, { window: -1, flags: 3 }])
          if (content.window >= 0) put(state, memory, content);
        const [domain] = state.driver.domains;
        state.driver.tables.setValid(LIODN, true);
        for (const [window, offset] of accesses) {
          const iova = window * WINDOW + offset;
          const software = domain?.iovaToPhys(iova) ?? 0;
          const content = chosen.find((each) => each.window === window);
          const access = content !== undefined && "flags" in content && content.flags === 1;
          const hardware = lookUp(state, iova, access ? "read" : "write");
          judge({ content, offset, software, hardware });
        }
      },
    ),
    { numRuns: 60 },
  );
});

function judge(seen: {
  readonly content: Content | undefined;
  readonly offset: number;
  readonly software: number;
  readonly hardware: number;
}): void {
  const { content, offset, software, hardware } = seen;
  if (content === undefined) {
    expect([software, hardware]).toEqual([0, BLOCKED]);
    return;
  }
  if ("flags" in content) {
    expect(hardware).toBe(software);
    return;
  }
  // An MSI bank: the hardware stops behind its page; software adds the alias's place in the page.
  if (offset >= 4096) expect([hardware, software > 0]).toEqual([BLOCKED, true]);
  else expect(software - hardware).toBe(0x140);
}

/** Where one byte goes, past the bus; a violation is cleared and V set again. */
function lookUp(state: PamuReady, iova: number, access: "read" | "write"): number {
  const frame = Math.floor(iova / 4096);
  const physical = state.hardware.translateFrame(0x10, frame, access, iova % 4096);
  state.driver.tables.setValid(LIODN, true);
  return physical === BLOCKED ? BLOCKED : physical * 4096 + (iova % 4096);
}
