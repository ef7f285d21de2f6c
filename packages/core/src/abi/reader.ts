// UNSAFE: `as` joins the record that a loop builds to the mapped type of the layout; sound because
// the loop visits each field once and takes its value from the getter of the same name.
//
// Compiles a layout to a reader of bytes that someone else wrote.
//
// A reader is a view: it copies nothing, so it shows what is in the bytes now. `read()` takes a
// plain object out of them, for control paths and for reports; it allocates.

import type { Getters } from "./accessors.ts";
import { accessors, tailLength } from "./accessors.ts";
import type {
  ArrayElement,
  ArrayOf,
  Field,
  Fields,
  Layout,
  Nested,
  Reserved,
  ScalarField,
  ScalarKind,
  Tail,
} from "./layout.ts";
import { elementSize } from "./layout.ts";
import type { Memory, ScalarValue } from "./memory.ts";
import { memory, scalarAccess } from "./memory.ts";
import type { AbiProfile } from "./profile.ts";
import { requireStruct } from "./writer.ts";

/** A struct's values as a plain object; an array or a tail is an array. */
export type Values<F extends Fields> = {
  readonly [N in { [M in keyof F]: F[M] extends Reserved ? never : M }[keyof F]]: Value<F[N]>;
};
type Value<X> =
  X extends ScalarField<infer K>
    ? ScalarValue<K>
    : X extends Nested<Layout<infer G>>
      ? Values<G>
      : X extends ArrayOf<infer E> | Tail<infer E>
        ? readonly ElementValue<E>[]
        : never;
type ElementValue<E> = E extends ScalarKind
  ? ScalarValue<E>
  : E extends Layout<infer G>
    ? Values<G>
    : never;

export interface StructReader<F extends Fields> {
  readonly bytes: Uint8Array;
  /** The bytes behind the struct, a view of the same memory. */
  readonly tail: Uint8Array;
  readonly get: Getters<F>;
  /** The values as they are now; a tail has as many elements as the bytes hold. */
  readonly read: () => Values<F>;
}

/**
 * A reader of `layout` over `bytes`, in the byte order and word size of `abi`.
 *
 * Valid errors: `invalid-argument` (the bytes are fewer than the struct).
 */
export function createReader<F extends Fields>(
  layout: Layout<F>,
  abi: AbiProfile,
  bytes: Uint8Array,
): StructReader<F> {
  requireStruct(layout, bytes);
  const room = memory(abi, bytes);
  return Object.freeze({
    bytes,
    tail: bytes.subarray(layout.size),
    get: accessors(layout, room, 0).get,
    read: () => structValues(layout, room, 0) as Values<F>,
  });
}

function structValues(layout: Layout, room: Memory, base: number): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  for (const [name, field] of Object.entries(layout.fields)) {
    if (field.form === "reserved") continue;
    values[name] = fieldValue(field, room, base);
  }
  return values;
}

function fieldValue(field: Exclude<Field, Reserved>, room: Memory, base: number): unknown {
  const offset = base + field.offset;
  switch (field.form) {
    case "scalar":
      return elementValue(field.kind, room, offset);
    case "struct":
      return elementValue(field.layout, room, offset);
    case "array":
      return elementValues(field.element, room, offset, field.count);
    case "tail":
      return elementValues(field.element, room, offset, tailLength(field, room, base));
  }
}

function elementValues(
  element: ArrayElement,
  room: Memory,
  offset: number,
  count: number,
): readonly unknown[] {
  const size = elementSize(element);
  return Array.from({ length: count }, (_, i) => elementValue(element, room, offset + i * size));
}

function elementValue(element: ArrayElement, room: Memory, offset: number): unknown {
  if (typeof element !== "string") return structValues(element, room, offset);
  return scalarAccess(element, room, offset, "field").get();
}
