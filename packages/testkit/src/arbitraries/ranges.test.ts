// Generators: every relation is what its name says, edges are edges, hostile answers stay in bounds.

import { fc, test } from "@fast-check/vitest";
import { describe, expect } from "vitest";
import { EDGE_ADDRESSES, edgeAddress, edgePage } from "./edges.ts";
import { hostileAnswer, hostileChain, writeAnswer } from "./hostile.ts";
import { ALL_PAGES, type PageRange, relatedRanges } from "./ranges.ts";

const meet = (a: PageRange, b: PageRange): boolean =>
  a.first < b.first + b.pages && b.first < a.first + a.pages;

describe("relatedRanges", () => {
  test.prop([relatedRanges([1, 500, 2 ** 40], 9)])("behavior: the relation holds", (drawn) => {
    const { range, other, relation } = drawn;
    const overlapping = ["equal", "overlaps-start", "overlaps-end", "nested", "contains"];
    if (overlapping.includes(relation)) expect(meet(range, other)).toBe(true);
    if (relation.startsWith("adjacent") || relation === "apart")
      expect(meet(range, other)).toBe(false);
    if (relation === "empty") expect(other.pages).toBe(0);
    if (relation === "wraps") expect(other.first + other.pages).toBeGreaterThan(ALL_PAGES);
  });
});

describe("edges", () => {
  test.prop([edgeAddress(), edgePage()])("behavior: 64 bits, and whole pages", (address, page) => {
    expect(address >= 0n && address < 1n << 64n).toBe(true);
    expect(page % 4096n).toBe(0n);
  });
  test.each([0n, 1n, 4095n, 1n << 32n, (1n << 39n) - 1n, (1n << 64n) - 4096n])(
    "behavior: %s is among them",
    (edge) => {
      expect(EDGE_ADDRESSES).toContain(edge);
    },
  );
});

test.prop([hostileAnswer(hostileChain(24, 16)), fc.integer({ min: 0, max: 200 })])(
  "behavior: an answer is written into the caller's buffer and nowhere else",
  (answer, length) => {
    const whole = new Uint8Array(length + 16).fill(0xee);
    const result = writeAnswer(answer, whole.subarray(8, 8 + length));
    expect(result).toBe(answer.result);
    expect([...whole.subarray(0, 8), ...whole.subarray(8 + length)].every((b) => b === 0xee)).toBe(
      true,
    );
  },
);
