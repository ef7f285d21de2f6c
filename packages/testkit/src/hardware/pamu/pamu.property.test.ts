// P2, P13, P14, P15: laws of the lookup that hold for every entry.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { IOE } from "./operations.ts";
import { entryBytes, primaryWords, secondaryWords } from "./testing/entry-codec.ts";
import { runFetchHistory } from "./testing/fetch-history.ts";
import { HandBuiltPamu, type OperationName } from "./testing/hand-built.ts";

const LIODN = 0x77;
const RW = { valid: true, access: 3 } as const;
const names: readonly OperationName[] = Object.keys(IOE) as OperationName[]; // cast: own keys
const operations = fc.constantFrom(...names);

/** An aperture anywhere in 64 bits, cut into windows of 4 KiB or more. */
const geometries = fc
  .record({ order: fc.integer({ min: 12, max: 62 }), part: fc.bigInt({ min: 0n, max: 2n ** 64n }) })
  .chain(({ order, part }) =>
    fc.record({
      size: fc.constant(1n << BigInt(order)),
      base: fc.constant((part % (1n << BigInt(64 - order))) << BigInt(order)),
      countOrder: fc.integer({ min: 0, max: Math.min(8, order - 12) }),
      offsets: fc.array(fc.bigInt({ min: 0n, max: (1n << BigInt(order)) - 1n }), {
        minLength: 1,
        maxLength: 8,
      }),
    }),
  );

test("P2: each address of the aperture belongs to one window, found by division", () => {
  fc.assert(
    fc.property(geometries, ({ base, size, countOrder, offsets }) => {
      const windows = 2 ** countOrder;
      const slot = size / BigInt(windows);
      const hand = new HandBuiltPamu();
      // Window k leads to k * 2^40, where an address tells its window.
      const target = (k: number): bigint => (BigInt(k) << 40n) % 2n ** 64n;
      const mappedSize = slot < 2n ** 40n ? slot : 2n ** 40n;
      hand.putPrimary(LIODN, primaryWords({ base, size, windows, mappedSize, ...RW, target: 0n }));
      for (let k = 1; k < windows; k++)
        hand.putSecondary(
          k - 1,
          secondaryWords({ owner: LIODN, mappedSize, ...RW, target: target(k) }),
        );
      for (const offset of [...offsets, 0n, size - 1n]) {
        const within = offset % slot;
        const answer = hand.access(LIODN, base + offset);
        if (windows === 1) expect(answer).toBe(within);
        else if (within >= mappedSize) expect(answer).toBe("blocked");
        else expect(answer).toBe(target(Number(offset / slot)) + within);
      }
      for (const outside of [base - 1n, base + size])
        if (outside >= 0n && outside < 2n ** 64n) {
          hand.write("AVS1", 0x7fff);
          expect(hand.access(LIODN, outside)).toBe("blocked");
          expect(hand.read("AVS1") & 0x7fff).toBe(0x0081);
        }
    }),
    { numRuns: 300 },
  );
});

const targets = fc.bigInt({ min: 0n, max: 2n ** 24n - 1n }).map((page) => page * 4096n);

describe("P13: a live window is moved without going astray", () => {
  /** Word stores of a move, each of them visible at once. */
  function move(
    from: bigint,
    to: bigint,
    access: "off meanwhile" | "on meanwhile",
  ): readonly (bigint | "blocked")[] {
    const hand = new HandBuiltPamu();
    const entry = { base: 0n, size: 4096n, ...RW };
    const before = primaryWords({ ...entry, target: from });
    const after = primaryWords({ ...entry, target: to });
    hand.putPrimary(LIODN, before);
    const view = new DataView(hand.primary.bytes.buffer);
    const seen = [hand.access(LIODN, 0n)];
    const store = (word: number, value: number): void => {
      view.setUint32(64 * LIODN + 4 * word, value);
      seen.push(hand.access(LIODN, 0n));
    };
    if (access === "off meanwhile") store(1, (before[1] ?? 0) & ~0x18);
    store(4, after[4] ?? 0);
    store(5, after[5] ?? 0);
    store(1, after[1] ?? 0);
    return seen;
  }

  test("with AP at 0 in between each access gives the old target, the new one, or a violation", () => {
    fc.assert(
      fc.property(targets, targets, (from, to) => {
        const seen = move(from, to, "off meanwhile");
        expect(seen).toEqual([from, "blocked", "blocked", "blocked", to]);
      }),
      { numRuns: 200 },
    );
  });

  test("with AP left alone a device meets a mixture of both", () => {
    expect(move(0x1_0000_1000n, 0x2_0000_2000n, "on meanwhile")).toEqual([
      0x1_0000_1000n,
      0x2_0000_1000n,
      0x2_0000_2000n,
      0x2_0000_2000n,
    ]);
  });
});

/** One step of a history of four windows: a store, an access, or a base register written. */
const steps = fc.array(
  fc.oneof(
    fc.record({ do: fc.constant("store" as const), window: fc.nat(3), target: targets }),
    fc.record({ do: fc.constant("access" as const), window: fc.nat(3) }),
    fc.record({
      do: fc.constant("base" as const),
      table: fc.constantFrom("PPBAH" as const, "SPBAH" as const),
    }),
  ),
  { maxLength: 60 },
);

test.each(["snooped", "not-snooped"] as const)(
  "P14: lookups meet the memory that counts, %s",
  (mode) => {
    fc.assert(
      fc.property(steps, (history) => runFetchHistory(mode, history)),
      { numRuns: 300 },
    );
  },
);

describe("P15: operation mapping", () => {
  const answerOf = (hand: HandBuiltPamu, operation: OperationName): number | "blocked" =>
    hand.access(LIODN, 0n, operation) === "blocked" ? "blocked" : hand.pamu.lastOperation;

  test("OTM 0 keeps the low seven bits", () => {
    const hand = new HandBuiltPamu();
    hand.putPrimary(LIODN, primaryWords({ size: 4096n, ...RW }));
    for (const name of names) expect(answerOf(hand, name)).toBe(IOE[name] & 0x7f);
  });

  test("OTM 2 gives what the row holds, where its top bit is set", () => {
    const rows = fc.array(fc.nat(0xff), { minLength: 128, maxLength: 128 });
    fc.assert(
      fc.property(rows, fc.nat(15), operations, (row, index, name) => {
        const hand = new HandBuiltPamu();
        hand.putOperations(index, row);
        const entry = { size: 4096n, ...RW, operationMode: 2, operations: index } as const;
        hand.putPrimary(LIODN, primaryWords(entry));
        const stored = row[IOE[name] & 0x7f] ?? 0;
        expect(answerOf(hand, name)).toBe((stored & 0x80) === 0 ? "blocked" : stored & 0x7f);
      }),
      { numRuns: 300 },
    );
  });
});

describe("every store is seen, wherever it comes from and wherever the table lies", () => {
  const first = primaryWords({ size: 4096n, ...RW, target: 0x1000n });
  const second = primaryWords({ size: 4096n, ...RW, target: 0x2000n });

  test("a store by physical address", () => {
    const hand = new HandBuiltPamu();
    hand.putPrimary(LIODN, first);
    expect(hand.access(LIODN, 0n)).toBe(0x1000n);
    const frame = (hand.primary.runs[0]?.firstFrame ?? 0) + Math.floor((64 * LIODN) / 4096);
    hand.memory.write(frame, (64 * LIODN) % 4096, entryBytes(second));
    expect(hand.access(LIODN, 0n)).toBe(0x2000n);
  });

  test("a table in scattered frames, one after the other", () => {
    const hand = new HandBuiltPamu();
    const frame = hand.memory.tables.allocate();
    const neighbour = hand.memory.tables.allocate();
    expect(neighbour).toBe(frame + 1);
    hand.place("PPB", "PPL", BigInt(frame) << 12n, 8192);
    for (const [at, words] of [
      [frame, first],
      [neighbour, second],
    ] as const)
      hand.memory.write(at, 64 * 9, entryBytes(words));
    expect([hand.access(9, 0n), hand.access(64 + 9, 0n)]).toEqual([0x1000n, 0x2000n]);
    hand.memory.write(frame, 64 * 9, entryBytes(second));
    expect(hand.access(9, 0n)).toBe(0x2000n);
  });

  test("a table that is moved, and one whose memory is freed and taken by another", () => {
    const hand = new HandBuiltPamu();
    hand.putPrimary(LIODN, first);
    expect(hand.access(LIODN, 0n)).toBe(0x1000n);
    const elsewhere = hand.memory.allocate(0x14, "contiguous");
    elsewhere.bytes.set(entryBytes(second), 64 * LIODN);
    hand.place("PPB", "PPL", BigInt(elsewhere.runs[0]?.firstFrame ?? 0) << 12n, 0x1_4000);
    expect(hand.access(LIODN, 0n)).toBe(0x2000n);
    hand.memory.free(elsewhere);
    hand.memory.allocate(0x14, "contiguous");
    expect(hand.access(LIODN, 0n)).toBe("blocked");
    expect(hand.read("POES1")).toBe(1);
  });
});
