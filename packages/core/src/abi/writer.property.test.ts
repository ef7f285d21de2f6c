// Any layout, any value, any profile, any place in memory: the bytes are those of a plain DataView.

import { fc, test } from "@fast-check/vitest";
import { describe, expect } from "vitest";
import type { Field, ScalarKind } from "./layout.ts";
import { pointer, reserved, SCALAR_SIZES, s32, struct, u8, u16, u32, u64 } from "./layout.ts";
import type { AbiProfile } from "./profile.ts";
import { ARCHES, abiProfile } from "./profile.ts";
import { createReader } from "./reader.ts";
import { createWriter } from "./writer.ts";

type Slot = { readonly kind: ScalarKind; readonly value: bigint };

const FIELDS: Readonly<Record<ScalarKind, (offset: number) => Field>> = {
  u8,
  u16,
  u32,
  s32,
  u64,
  pointer,
};
const KINDS: readonly ScalarKind[] = ["u8", "u16", "u32", "s32", "u64", "pointer"];

function slotFor(abi: AbiProfile): fc.Arbitrary<Slot> {
  return fc.constantFrom(...KINDS).chain((kind) => {
    const bits = BigInt(kind === "pointer" ? abi.wordBits : SCALAR_SIZES[kind] * 8);
    const low = kind === "s32" ? -(1n << 31n) : 0n;
    const high = kind === "s32" ? (1n << 31n) - 1n : (1n << bits) - 1n;
    return fc.record({ kind: fc.constant(kind), value: fc.bigInt(low, high) });
  });
}

/** Lays slots out as C does, each at its natural alignment, gaps left zero. */
function place(slots: readonly Slot[]): readonly (Slot & { readonly offset: number })[] {
  let end = 0;
  return slots.map((slot) => {
    const size = SCALAR_SIZES[slot.kind];
    const offset = Math.ceil(end / size) * size;
    end = offset + size;
    return { ...slot, offset };
  });
}

/** The reference: one byte at a time, by shifts; shares nothing with the library. */
function referenceBytes(
  abi: AbiProfile,
  slots: ReturnType<typeof place>,
  length: number,
): Uint8Array {
  const bytes = new Uint8Array(length);
  for (const { kind, value, offset } of slots) {
    const size = kind === "pointer" ? abi.wordBits / 8 : SCALAR_SIZES[kind];
    for (let i = 0; i < size; i++) {
      const significance = abi.byteOrder === "little" ? i : size - 1 - i;
      bytes[offset + i] = Number((value >> BigInt(significance * 8)) & 0xffn);
    }
  }
  return bytes;
}

/** The same as a layout, its gaps declared. */
function layoutOf(slots: ReturnType<typeof place>) {
  const fields: Record<string, Field> = {};
  let end = 0;
  for (const [i, { kind, offset }] of slots.entries()) {
    if (offset > end) fields[`gap${i}`] = reserved(end, offset - end);
    fields[`f${i}`] = FIELDS[kind](offset);
    end = offset + SCALAR_SIZES[kind];
  }
  return struct("any", end, fields);
}

const isBig = (kind: ScalarKind): boolean => kind === "u64" || kind === "pointer";
const asValue = ({ kind, value }: Slot): bigint | number => (isBig(kind) ? value : Number(value));

describe.each(ARCHES)("%s", (arch) => {
  const abi = abiProfile(arch, 4096);
  const slots = fc.array(slotFor(abi), { minLength: 1, maxLength: 12 }).map(place);
  const shift = fc.integer({ min: 0, max: 9 });

  test.prop([slots, shift])(
    "rule: bytes are the reference's, values come back",
    (placed, start) => {
      const layout = layoutOf(placed);
      const memory = new Uint8Array(start + layout.size + 5).fill(0xa5);
      const bytes = memory.subarray(start, start + layout.size).fill(0);
      const set = Object(createWriter(layout, abi, { bytes }).set);
      for (const [i, slot] of placed.entries()) set[`f${i}`](asValue(slot));
      expect(bytes).toEqual(referenceBytes(abi, placed, layout.size));
      const outside = [...memory.subarray(0, start), ...memory.subarray(start + layout.size)];
      expect(new Set(outside)).toEqual(new Set([0xa5]));
      const expected = placed.map((slot, i) => [`f${i}`, asValue(slot)]);
      expect(createReader(layout, abi, bytes).read()).toEqual(Object.fromEntries(expected));
      const get = Object(createReader(layout, abi, bytes).get);
      expect(placed.map((_, i) => get[`f${i}`]())).toEqual(placed.map(asValue));
    },
  );
});
