// Reads the committed vectors for tests, and says what the older header does not have yet.
//
// Only tests import this: the library never reads a vector.

import { readFileSync } from "node:fs";

export const VECTOR_SETS = ["uapi", "uapi-6.12"] as const;
export type VectorSet = (typeof VECTOR_SETS)[number];

export interface UapiNames {
  readonly ioctls: Readonly<Record<string, number>>;
  readonly structs: Readonly<Record<string, StructNames>>;
  readonly constants: Readonly<Record<string, number | string>>;
}
interface StructNames {
  readonly size: number;
  readonly fields: Readonly<Record<string, { readonly offset: number; readonly size: number }>>;
}

export interface Vectors extends UapiNames {
  readonly header: { readonly file: string; readonly linux: string };
  readonly compiler: string;
  readonly abi: { readonly arch: string; readonly byteOrder: string; readonly wordBits: number };
  readonly errno: Readonly<Record<string, number>>;
}

/** The named differences of the 6.1 header from the 6.12 header that the library describes. */
export interface NewerNames {
  readonly ioctls: readonly string[];
  readonly structs: readonly string[];
  /** `struct.field`. */
  readonly fields: readonly string[];
  readonly constants: readonly string[];
  /** Sizes that structs had in 6.1. */
  readonly sizesBefore: Readonly<Record<string, number>>;
}

/** `fsl-pamu`: the names of vendor kernels, for ppc64 and ppc32. */
export function readVectors(set: VectorSet | "fsl-pamu", arch: string): Vectors {
  return readJson(`${set}/${arch}.json`);
}

export function readNewerNames(): NewerNames {
  return readJson("since-6.1.json");
}

/** What a 6.12 description looks like under the 6.1 header. */
export function asOf61(description: UapiNames, newer: NewerNames): UapiNames {
  const structs = Object.entries(without(description.structs, newer.structs));
  return {
    ioctls: without(description.ioctls, newer.ioctls),
    constants: without(description.constants, newer.constants),
    structs: Object.fromEntries(
      structs.map(([name, struct]) => [name, structAsOf61(name, struct, newer)]),
    ),
  };
}

/** Keeps the names that a test is about. */
export function select(names: UapiNames, keep: (name: string) => boolean): UapiNames {
  return {
    ioctls: filterNames(names.ioctls, keep),
    structs: filterNames(names.structs, keep),
    constants: filterNames(names.constants, keep),
  };
}

function structAsOf61(name: string, { size, fields }: StructNames, newer: NewerNames): StructNames {
  return {
    size: newer.sizesBefore[name] ?? size,
    fields: filterNames(fields, (field) => !newer.fields.includes(`${name}.${field}`)),
  };
}

function without<A>(
  record: Readonly<Record<string, A>>,
  names: readonly string[],
): Record<string, A> {
  return filterNames(record, (name) => !names.includes(name));
}

function filterNames<A>(
  record: Readonly<Record<string, A>>,
  keep: (name: string) => boolean,
): Record<string, A> {
  return Object.fromEntries(Object.entries(record).filter(([name]) => keep(name)));
}

function readJson<A>(file: string): A {
  return JSON.parse(readFileSync(new URL(file, import.meta.url), "utf8"));
}
