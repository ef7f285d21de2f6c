// UNSAFE: `as` joins the record that a loop builds to the mapped type of the layout; sound because
// the loop visits each field once and the branch it takes is decided by the same `form` and `kind`.
//
// Compiles a layout to one getter and one setter for each field of one buffer.
//
// Compiled once for each buffer; afterwards a field access is one closure call. No code is made from
// text (`new Function`), so the library runs under a content security policy. Reading past the
// bytes that are there is refused when the accessor is made, not when it is used.

import { IommuError } from "../errors/base.ts";
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
import type { Memory, ScalarAccess, ScalarValue } from "./memory.ts";
import { scalarAccess } from "./memory.ts";

type Named<F extends Fields> = { [N in keyof F]: F[N] extends Reserved ? never : N }[keyof F];

/** One setter for each field; a nested struct is a record of setters. */
export type Setters<F extends Fields> = { readonly [N in Named<F>]: Setter<F[N]> };
type Setter<X> =
  X extends ScalarField<infer K>
    ? (value: ScalarValue<K>) => void
    : X extends Nested<Layout<infer G>>
      ? Setters<G>
      : X extends ArrayOf<infer E> | Tail<infer E>
        ? ElementSetter<E>
        : never;
type ElementSetter<E> = E extends ScalarKind
  ? (index: number, value: ScalarValue<E>) => void
  : E extends Layout<infer G>
    ? (index: number) => Setters<G>
    : never;

/** One getter for each field; a nested struct is a record of getters. */
export type Getters<F extends Fields> = { readonly [N in Named<F>]: Getter<F[N]> };
type Getter<X> =
  X extends ScalarField<infer K>
    ? () => ScalarValue<K>
    : X extends Nested<Layout<infer G>>
      ? Getters<G>
      : X extends ArrayOf<infer E> | Tail<infer E>
        ? ElementGetter<E>
        : never;
type ElementGetter<E> = E extends ScalarKind
  ? (index: number) => ScalarValue<E>
  : E extends Layout<infer G>
    ? (index: number) => Getters<G>
    : never;

export interface Accessors<F extends Fields> {
  readonly get: Getters<F>;
  readonly set: Setters<F>;
}

type AnyAccess = { readonly get: unknown; readonly set: unknown };

/** Valid errors: `invalid-argument` (the struct at `base` does not fit the bytes). */
export function accessors<F extends Fields>(
  layout: Layout<F>,
  memory: Memory,
  base: number,
): Accessors<F> {
  const get: Record<string, unknown> = {};
  const set: Record<string, unknown> = {};
  for (const [name, field] of Object.entries<Field>(layout.fields)) {
    if (field.form === "reserved") continue;
    const access = fieldAccess(field, memory, base + field.offset, `${layout.name}.${name}`);
    get[name] = access.get;
    set[name] = access.set;
  }
  return { get: Object.freeze(get) as Getters<F>, set: Object.freeze(set) as Setters<F> };
}

/** How many elements of a tail the bytes of the memory hold. */
export function tailLength(field: Tail<ArrayElement>, memory: Memory, base: number): number {
  const room = memory.bytes.length - base - field.offset;
  return Math.max(0, Math.floor(room / elementSize(field.element)));
}

function fieldAccess(
  field: Exclude<Field, Reserved>,
  memory: Memory,
  offset: number,
  name: string,
): AnyAccess {
  switch (field.form) {
    case "scalar":
      return scalarAccess(field.kind, memory, offset, name);
    case "struct":
      return accessors(field.layout, memory, offset);
    case "array":
      return elementAccess(field.element, memory, { offset, count: field.count, name });
    case "tail": {
      const count = tailLength(field, memory, offset - field.offset);
      return elementAccess(field.element, memory, { offset, count, name });
    }
  }
}

export interface ElementRange {
  readonly offset: number;
  readonly count: number;
  readonly name: string;
}

export function elementAccess(
  element: ArrayElement,
  memory: Memory,
  elements: ElementRange,
): AnyAccess {
  return typeof element === "string"
    ? scalarElements(element, memory, elements)
    : structElements(element, memory, elements);
}

/** Elements are compiled when first used: a tail may hold thousands of which few are touched. */
function scalarElements(kind: ScalarKind, memory: Memory, elements: ElementRange): AnyAccess {
  const made: ScalarAccess<ScalarKind>[] = [];
  const at = (index: number): ScalarAccess<ScalarKind> => {
    const known = made[index];
    if (known !== undefined) return known;
    const offset = elementOffset(kind, elements, index);
    const access = scalarAccess(kind, memory, offset, `${elements.name}[${index}]`);
    made[index] = access;
    return access;
  };
  return {
    get: (index: number) => at(index).get(),
    set: (index: number, value: ScalarValue<ScalarKind>) => at(index).set(value),
  };
}

function structElements(layout: Layout, memory: Memory, elements: ElementRange): AnyAccess {
  const made: Accessors<Fields>[] = [];
  const at = (index: number): Accessors<Fields> => {
    const known = made[index];
    if (known !== undefined) return known;
    const access = accessors(layout, memory, elementOffset(layout, elements, index));
    made[index] = access;
    return access;
  };
  return { get: (index: number) => at(index).get, set: (index: number) => at(index).set };
}

function elementOffset(
  element: ArrayElement,
  { offset, count, name }: ElementRange,
  index: number,
): number {
  if (!(Number.isInteger(index) && index >= 0 && index < count))
    throw new IommuError({
      code: "invalid-argument",
      operation: name,
      sentence: `${name}[${index}] does not exist: there are ${count}`,
      facts: { index, count },
    });
  return offset + index * elementSize(element);
}
