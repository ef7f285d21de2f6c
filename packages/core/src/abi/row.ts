// Stores a 32-bit field and the 64-bit fields of one struct in one call.
//
// For structs that are filled on the path of every map and unmap: on emulated x86-64 four setters of a
// writer took 115 instructions for vfio_iommu_type1_dma_map, a row 60. It has no checks to pay for: a
// number is cut to 32 bits and a bigint to 64, as a C assignment does. So it is only for values that
// were checked before, as are all that the engine hands to a backend (rule DW3).

import { IommuError } from "../errors/base.ts";
import type { Fields, Layout } from "./layout.ts";
import { type Memory, memory } from "./memory.ts";
import type { AbiProfile } from "./profile.ts";

/** Stores a 32-bit field, then two 64-bit fields. */
export type Row2 = (word: number, first: bigint, second: bigint) => void;
/** Stores a 32-bit field, then three 64-bit fields. */
export type Row3 = (word: number, first: bigint, second: bigint, third: bigint) => void;

/** The bytes of a struct, at their start. */
export interface RowSpace<F extends Fields> {
  readonly layout: Layout<F>;
  readonly abi: AbiProfile;
  readonly bytes: Uint8Array;
}

/** Names of the fields of one kind. */
type Named<F extends Fields, K extends "u32" | "u64"> = {
  [N in keyof F]: F[N] extends { readonly form: "scalar"; readonly kind: K } ? N : never;
}[keyof F];

/** Byte offsets of the fields. */
interface Places {
  readonly word: number;
  readonly first: number;
  readonly second: number;
}

/** Valid errors: `invalid-argument` (a field that the struct has not, or of another kind). */
export function createRow2<F extends Fields>(
  space: RowSpace<F>,
  word: Named<F, "u32">,
  longs: readonly [Named<F, "u64">, Named<F, "u64">],
): Row2 {
  const at = places(space, word, longs);
  const { words, longs: elements, view, abi } = rowMemory(space);
  if (words === undefined || elements === undefined) {
    const little = abi.byteOrder === "little";
    return (value, first, second) => {
      view.setUint32(at.word, value, little);
      view.setBigUint64(at.first, first, little);
      view.setBigUint64(at.second, second, little);
    };
  }
  const [a, b, c] = [at.word >>> 2, at.first >>> 3, at.second >>> 3];
  return (value, first, second) => {
    words[a] = value;
    elements[b] = first;
    elements[c] = second;
  };
}

/** Valid errors: `invalid-argument` (a field that the struct has not, or of another kind). */
export function createRow3<F extends Fields>(
  space: RowSpace<F>,
  word: Named<F, "u32">,
  longs: readonly [Named<F, "u64">, Named<F, "u64">, Named<F, "u64">],
): Row3 {
  const two = createRow2(space, word, [longs[0], longs[1]]);
  const at = offsetOf(space, longs[2], "u64");
  const { longs: elements, view, abi } = rowMemory(space);
  if (elements === undefined) {
    const little = abi.byteOrder === "little";
    return (value, first, second, third) => {
      two(value, first, second);
      view.setBigUint64(at, third, little);
    };
  }
  const index = at >>> 3;
  return (value, first, second, third) => {
    two(value, first, second);
    elements[index] = third;
  };
}

function rowMemory<F extends Fields>({ abi, bytes }: RowSpace<F>): Memory {
  return memory(abi, bytes);
}

function places<F extends Fields>(
  space: RowSpace<F>,
  word: keyof F,
  longs: readonly [keyof F, keyof F],
): Places {
  return {
    word: offsetOf(space, word, "u32"),
    first: offsetOf(space, longs[0], "u64"),
    second: offsetOf(space, longs[1], "u64"),
  };
}

function offsetOf<F extends Fields>(
  { layout, bytes }: RowSpace<F>,
  name: keyof F,
  kind: "u32" | "u64",
): number {
  const field = layout.fields[name];
  const fits = bytes.length >= layout.size;
  if (field?.form === "scalar" && field.kind === kind && fits) return field.offset;
  throw new IommuError({
    code: "invalid-argument",
    operation: layout.name,
    sentence: `${layout.name}.${String(name)} is no ${kind} of a row in ${bytes.length} bytes`,
    facts: { struct: layout.name, field: String(name), kind, bytes: bytes.length },
  });
}
