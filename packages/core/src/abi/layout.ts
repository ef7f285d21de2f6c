// Kernel structs as tables: every offset written down, and checked when the table is made.
//
// A table is data. It is compiled once by writer.ts and reader.ts and is never interpreted on a hot
// path. An offset is stated although it could be summed up, since two statements that must agree
// catch the slip that one would hide: gaps are declared, nothing overlaps, and the end is the size.
// The tables themselves live in uapi/ and in the backends, and are compared with vectors/ that a
// C compiler printed.

import { IommuError } from "../errors/base.ts";

/** `pointer` is a C pointer in an 8-byte slot: on a 32-bit ABI its last four bytes are padding. */
export type ScalarKind = "u8" | "u16" | "u32" | "s32" | "u64" | "pointer";

export interface ScalarField<K extends ScalarKind> {
  readonly form: "scalar";
  readonly kind: K;
  readonly offset: number;
  /** The member of an anonymous union that this one lies in: at its place, or inside it. */
  readonly overlays?: string;
}
/** A struct inside the struct. */
export interface Nested<L extends Layout> {
  readonly form: "struct";
  readonly layout: L;
  readonly offset: number;
}
/** A C array of a fixed length. */
export interface ArrayOf<E extends ArrayElement> {
  readonly form: "array";
  readonly element: E;
  readonly count: number;
  readonly offset: number;
}
/** A flexible array: `element name[]`. It begins where the struct's size ends. */
export interface Tail<E extends ArrayElement> {
  readonly form: "tail";
  readonly element: E;
  readonly offset: number;
}
/** A gap that the compiler left; the writer keeps it zero and nothing can name it. */
export interface Reserved {
  readonly form: "reserved";
  readonly offset: number;
  readonly length: number;
}

export type U8 = ScalarField<"u8">;
export type U16 = ScalarField<"u16">;
export type U32 = ScalarField<"u32">;
export type S32 = ScalarField<"s32">;
export type U64 = ScalarField<"u64">;
export type Pointer = ScalarField<"pointer">;

export type ArrayElement = ScalarKind | Layout;
export type Field =
  | ScalarField<ScalarKind>
  | Nested<Layout>
  | ArrayOf<ArrayElement>
  | Tail<ArrayElement>
  | Reserved;
export type Fields = Readonly<Record<string, Field>>;

export interface Layout<F extends Fields = Fields> {
  /** The struct's C name, without `struct`. */
  readonly name: string;
  /** What `sizeof` answers, the same on all four ABIs. */
  readonly size: number;
  readonly fields: F;
}

export const SCALAR_SIZES: Readonly<Record<ScalarKind, number>> = {
  u8: 1,
  u16: 2,
  u32: 4,
  s32: 4,
  u64: 8,
  pointer: 8,
};

export const u8 = (offset: number, union?: Overlay): U8 => scalar("u8", offset, union);
export const u16 = (offset: number, union?: Overlay): U16 => scalar("u16", offset, union);
export const u32 = (offset: number, union?: Overlay): U32 => scalar("u32", offset, union);
export const s32 = (offset: number, union?: Overlay): S32 => scalar("s32", offset, union);
export const u64 = (offset: number, union?: Overlay): U64 => scalar("u64", offset, union);
export const pointer = (offset: number): Pointer => scalar("pointer", offset);

export function nested<L extends Layout>(offset: number, layout: L): Nested<L> {
  return { form: "struct", layout, offset };
}
export function arrayOf<E extends ArrayElement>(
  offset: number,
  element: E,
  count: number,
): ArrayOf<E> {
  return { form: "array", element, count, offset };
}
export function tail<E extends ArrayElement>(offset: number, element: E): Tail<E> {
  return { form: "tail", element, offset };
}
export function reserved(offset: number, length: number): Reserved {
  return { form: "reserved", offset, length };
}

/**
 * Makes a layout and checks it: every byte of `size` belongs to exactly one field, scalars lie at
 * their natural alignment, a tail begins at the end.
 *
 * Valid errors: `invalid-argument`.
 */
export function struct<F extends Fields>(name: string, size: number, fields: F): Layout<F> {
  const inOrder = Object.entries(fields).toSorted(([, a], [, b]) => a.offset - b.offset);
  let end = 0;
  for (const [field, entry] of inOrder) {
    const where = `${name}.${field}`;
    if (entry.offset % alignment(entry) !== 0) refuse(where, "is not at its natural alignment");
    if (isOverlay(entry)) {
      checkOverlay(where, entry, fields);
      continue;
    }
    if (entry.offset < end) refuse(where, `overlaps the field before it, which ends at ${end}`);
    if (entry.offset > end) refuse(where, `leaves a gap from ${end} that is not declared`);
    end += slotSize(entry);
  }
  const last = inOrder.findLast(([, entry]) => entry.form === "tail");
  if (last !== undefined && last[1].offset !== size) refuse(`${name}.${last[0]}`, "is not the end");
  if (end !== size) refuse(name, `is stated as ${size} bytes but its fields end at ${end}`);
  return Object.freeze({ name, size, fields: Object.freeze(fields) });
}

/** Bytes of one element of an array or a tail. */
export function elementSize(element: ArrayElement): number {
  return typeof element === "string" ? SCALAR_SIZES[element] : element.size;
}

/** Bytes that a field takes in the struct, padding of a pointer included. A tail takes none. */
export function slotSize(field: Field): number {
  switch (field.form) {
    case "scalar":
      return SCALAR_SIZES[field.kind];
    case "struct":
      return field.layout.size;
    case "array":
      return elementSize(field.element) * field.count;
    case "tail":
      return 0;
    case "reserved":
      return field.length;
  }
}

interface Overlay {
  readonly overlays: string;
}

function scalar<K extends ScalarKind>(kind: K, offset: number, union?: Overlay): ScalarField<K> {
  return { form: "scalar", kind, offset, ...union };
}

function isOverlay(field: Field): field is ScalarField<ScalarKind> & Overlay {
  return field.form === "scalar" && field.overlays !== undefined;
}

function checkOverlay(where: string, entry: Field & Overlay, fields: Fields): void {
  const first = fields[entry.overlays];
  if (first === undefined || isOverlay(first)) refuse(where, `overlays no field ${entry.overlays}`);
  const end = first.offset + slotSize(first);
  if (entry.offset < first.offset || entry.offset >= end)
    refuse(where, `is not at the place of ${entry.overlays}`);
  if (entry.offset + slotSize(entry) > end) refuse(where, `is larger than ${entry.overlays}`);
}

function alignment(field: Field): number {
  switch (field.form) {
    case "scalar":
      return SCALAR_SIZES[field.kind];
    case "struct":
      return layoutAlignment(field.layout);
    case "array":
    case "tail":
      return typeof field.element === "string"
        ? SCALAR_SIZES[field.element]
        : layoutAlignment(field.element);
    case "reserved":
      return 1;
  }
}

function layoutAlignment(layout: Layout): number {
  return Object.values(layout.fields).reduce((most, field) => Math.max(most, alignment(field)), 1);
}

function refuse(where: string, why: string): never {
  throw new IommuError({
    code: "invalid-argument",
    operation: "struct",
    sentence: `the layout of ${where} ${why}`,
  });
}
