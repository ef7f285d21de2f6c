import { describe, expect, test } from "vitest";
import { isIommuError } from "../errors/base.ts";
import {
  capabilities,
  findCapability,
  MAX_CAPABILITIES,
  readCapability,
  requireCount,
} from "./capability-chain.ts";
import { struct, u16, u32, u64 } from "./layout.ts";
import { ARCHES, abiProfile } from "./profile.ts";

const FIXED = 24;

interface Header {
  readonly at: number;
  readonly id: number;
  readonly next: number;
}

function answer(arch: (typeof ARCHES)[number], length: number, headers: readonly Header[]) {
  const abi = abiProfile(arch, 4096);
  const info = new Uint8Array(length);
  const view = new DataView(info.buffer);
  const little = abi.byteOrder === "little";
  for (const { at, id, next } of headers) {
    view.setUint16(at, id, little);
    view.setUint16(at + 2, 1, little);
    view.setUint32(at + 4, next, little);
  }
  const first = headers[0]?.at ?? 0;
  const walk = (start: number = first, fixedBytes: number = FIXED) =>
    capabilities(abi, { operation: "VFIO_TEST_INFO", info, first: start, fixedBytes });
  return { abi, info, walk };
}

const misbehaved = expect.toSatisfy((error) => isIommuError(error, "kernel-misbehaved"));

describe.each(ARCHES)("%s", (arch) => {
  test("default: a chain in the kernel's order, each with its own bytes", () => {
    const { walk, info } = answer(arch, 88, [
      { at: 24, id: 2, next: 56 },
      { at: 56, id: 3, next: 72 },
      { at: 72, id: 1, next: 0 },
    ]);
    const chain = walk();
    expect(chain.map(({ id, version, offset }) => ({ id, version, offset }))).toEqual([
      { id: 2, version: 1, offset: 24 },
      { id: 3, version: 1, offset: 56 },
      { id: 1, version: 1, offset: 72 },
    ]);
    expect(chain.map(({ bytes }) => bytes.length)).toEqual([32, 16, 16]);
    expect(chain.every(({ bytes }) => bytes.buffer === info.buffer)).toBe(true);
    expect(findCapability(chain, 3)?.offset).toBe(56);
    expect(findCapability(chain, 4)).toBeUndefined();
  });
});

const { walk: walkOf } = { walk: (...headers: Header[]) => answer("x86_64", 64, headers) };

test("behavior: no first capability is an empty chain", () => {
  expect(walkOf().walk()).toEqual([]);
});

test("behavior: a capability that is a header only, and one that is 4-aligned", () => {
  const { walk } = walkOf({ at: 24, id: 3, next: 36 }, { at: 36, id: 1, next: 0 });
  expect(walk().map(({ bytes }) => bytes.length)).toEqual([12, 28]);
  expect(walkOf({ at: 56, id: 3, next: 0 }).walk()[0]?.bytes.length).toBe(8);
});

const HOSTILE: Readonly<Record<string, readonly Header[]>> = {
  "a capability that follows itself": [{ at: 24, id: 1, next: 24 }],
  "a cycle of two": [
    { at: 24, id: 1, next: 40 },
    { at: 40, id: 2, next: 24 },
  ],
  "an offset backwards": [{ at: 40, id: 1, next: 32 }],
  "an offset inside the header before it": [{ at: 24, id: 1, next: 28 }],
  "an offset inside the fixed struct": [{ at: 24, id: 1, next: 8 }],
  "an offset at the end": [{ at: 24, id: 1, next: 64 }],
  "an offset outside": [{ at: 24, id: 1, next: 0xffff_fff8 }],
  "a header cut short": [{ at: 24, id: 1, next: 57 }],
  "a first offset inside the fixed struct": [{ at: 16, id: 1, next: 0 }],
};

describe.each(Object.entries(HOSTILE))("error: %s", (_name, headers) => {
  test("is the kernel's fault, and is told as such", () => {
    expect(answer("x86_64", 64, headers).walk).toThrow(misbehaved);
  });
});

test("error: a first offset outside the answer", () => {
  for (const first of [64, 0xffff_ffff]) expect(() => walkOf().walk(first)).toThrow(misbehaved);
});

test("error: one capability more than the limit, all in order", () => {
  const chain = (count: number) =>
    Array.from({ length: count }, (_, i) => ({
      at: i * 8,
      id: i,
      next: i === count - 1 ? 0 : i * 8 + 8,
    }));
  const many = (count: number) => {
    const { walk } = answer(
      "x86_64",
      count * 8 + 8,
      chain(count).map((h) => shifted(h)),
    );
    return walk(8, 8);
  };
  expect(many(MAX_CAPABILITIES)).toHaveLength(MAX_CAPABILITIES);
  expect(() => many(MAX_CAPABILITIES + 1)).toThrow("is one too many");
});

function shifted({ at, id, next }: Header): Header {
  return { at: at + 8, id, next: next === 0 ? 0 : next + 8 };
}

const WIDE = struct("wide", 16, { id: u16(0), version: u16(2), next: u32(4), value: u64(8) });

test("behavior: a capability is read by its layout", () => {
  const { walk, info, abi } = walkOf({ at: 24, id: 7, next: 40 }, { at: 40, id: 8, next: 0 });
  info[24 + 8] = 9;
  const [first] = walk();
  expect(first && readCapability("VFIO_TEST_INFO", WIDE, abi, first).get.value()).toBe(9n);
});

test("error: a capability shorter than its struct is not read into its neighbour", () => {
  const { walk, abi } = walkOf({ at: 24, id: 7, next: 32 }, { at: 32, id: 8, next: 0 });
  const [first] = walk();
  expect(() => first && readCapability("VFIO_TEST_INFO", WIDE, abi, first)).toThrow(misbehaved);
});

test("error: a count beyond the room behind it", () => {
  requireCount("VFIO_TEST_INFO", "ranges", 3, 3);
  expect(() => requireCount("VFIO_TEST_INFO", "ranges", 4, 3)).toThrow(
    "counts 4 ranges where 3 fit",
  );
  expect(() => requireCount("VFIO_TEST_INFO", "ranges", 4, 3)).toThrow(misbehaved);
});
