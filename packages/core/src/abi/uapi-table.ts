// One package's share of the kernel's interface as a value, and how tables are merged and printed.
//
// A session uses the commands and layouts directly; the table exists for `iommukit abi`, for the
// tests that compare it with what a C compiler printed, and for tools that decode traces. An ioctl
// number may have two names here: numbers belong to kinds of descriptors, names are unique.

import { IommuError } from "../errors/base.ts";
import type { IoctlCommand } from "./ioctl-number.ts";
import { ioctlNumber } from "./ioctl-number.ts";
import type { Field, Layout } from "./layout.ts";
import { slotSize } from "./layout.ts";
import type { AbiProfile } from "./profile.ts";

export interface UapiTable {
  readonly ioctls: Readonly<Record<string, IoctlCommand>>;
  /** By C name, as in `layout.name`. */
  readonly structs: Readonly<Record<string, Layout>>;
  /** As C types them: an `int` macro such as `(1 << 31)` is negative. */
  readonly constants: Readonly<Record<string, number | string>>;
}

interface FieldDescription {
  readonly offset: number;
  /** 0 for a flexible array. */
  readonly size: number;
}
export interface StructDescription {
  readonly size: number;
  readonly fields: Readonly<Record<string, FieldDescription>>;
}
/** What a C compiler would print for the same table: the format of vectors/uapi. */
export interface UapiDescription {
  readonly ioctls: Readonly<Record<string, number>>;
  readonly structs: Readonly<Record<string, StructDescription>>;
  readonly constants: Readonly<Record<string, number | string>>;
}

type UapiName = number | string | IoctlCommand | Layout;

/**
 * A table of modules whose every export is a name of the kernel's interface. A layout is listed by
 * its C name, a constant and a command by the export's.
 *
 * Valid errors: `invalid-argument` (a name twice with two meanings).
 */
export function uapiTable(modules: readonly Readonly<Record<string, UapiName>>[]): UapiTable {
  const names = modules.flatMap((module) => Object.entries(module));
  return {
    ioctls: collect(names.flatMap(([name, value]) => (isCommand(value) ? [[name, value]] : []))),
    structs: collect(names.flatMap(([, value]) => (isLayout(value) ? [[value.name, value]] : []))),
    constants: collect(
      names.flatMap(([name, value]) => (isConstant(value) ? [[name, value]] : [])),
    ),
  };
}

/**
 * One table of several packages' tables. Two backends may both state a name that they share, as
 * Type1 and sPAPR do `VFIO_IOMMU_MAP_DMA`, if they state the same.
 *
 * Valid errors: `invalid-argument` (a name twice with two meanings).
 */
export function mergeUapi(tables: readonly UapiTable[]): UapiTable {
  return {
    ioctls: collect(tables.flatMap((table) => Object.entries(table.ioctls))),
    structs: collect(tables.flatMap((table) => Object.entries(table.structs))),
    constants: collect(tables.flatMap((table) => Object.entries(table.constants))),
  };
}

/** The numbers, sizes and offsets of a table under one profile. */
export function describeUapi(abi: AbiProfile, table: UapiTable): UapiDescription {
  return {
    ioctls: mapValues(table.ioctls, (command) => ioctlNumber(abi, command)),
    structs: mapValues(table.structs, (layout) => describeLayout(abi, layout)),
    constants: table.constants,
  };
}

/** `sizeof`, and `offsetof` and `sizeof` of each field that has a name. */
export function describeLayout(abi: AbiProfile, layout: Layout): StructDescription {
  const named = Object.entries(layout.fields).filter(([, field]) => field.form !== "reserved");
  const fields = mapValues(Object.fromEntries(named), (field) => ({
    offset: field.offset,
    size: fieldSize(abi, field),
  }));
  return { size: layout.size, fields };
}

function fieldSize(abi: AbiProfile, field: Field): number {
  const isPointer = field.form === "scalar" && field.kind === "pointer";
  return isPointer ? abi.wordBits / 8 : slotSize(field);
}

function mapValues<A, B>(
  record: Readonly<Record<string, A>>,
  change: (value: A) => B,
): Readonly<Record<string, B>> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, change(value)]));
}

function isConstant(value: UapiName): value is number | string {
  return typeof value !== "object";
}

function isLayout(value: UapiName): value is Layout {
  return typeof value === "object" && "fields" in value;
}

function isCommand(value: UapiName): value is IoctlCommand {
  return typeof value === "object" && "direction" in value;
}

function collect<A>(entries: readonly (readonly [string, A])[]): Readonly<Record<string, A>> {
  const all = new Map<string, A>();
  for (const [name, value] of entries) {
    const known = all.get(name);
    if (known !== undefined && JSON.stringify(known) !== JSON.stringify(value))
      throw new IommuError({
        code: "invalid-argument",
        operation: "UAPI table",
        sentence: `${name} is in the table twice, with two meanings`,
      });
    all.set(name, value);
  }
  return Object.freeze(Object.fromEntries(all));
}
