// UNSAFE: `as` takes `undefined` off typed-array reads; sound because `scalarAccess` refuses an
// offset that is not wholly inside the bytes, and a buffer made here is never detached or resized.
//
// The accessors of one scalar in one buffer, chosen once for a profile.
//
// Where the profile's byte order is this machine's and the field is aligned in memory, a field is
// one element of a Uint32Array or BigUint64Array; else it is a DataView access in the profile's
// order. An accessor checks its value and allocates nothing.

import { IommuError } from "../errors/base.ts";
import type { ScalarKind } from "./layout.ts";
import { SCALAR_SIZES } from "./layout.ts";
import type { AbiProfile } from "./profile.ts";
import { MACHINE_BYTE_ORDER } from "./profile.ts";

/** A 64-bit scalar is a bigint, all others are numbers. */
export type ScalarValue<K extends ScalarKind> = K extends "u64" | "pointer" ? bigint : number;

export interface ScalarAccess<K extends ScalarKind> {
  readonly get: () => ScalarValue<K>;
  readonly set: (value: ScalarValue<K>) => void;
}

/** Bytes, and the views over them that the accessors share. */
export interface Memory {
  readonly abi: AbiProfile;
  readonly bytes: Uint8Array;
  readonly view: DataView;
  /** Present when plain element access gives the profile's byte order. */
  readonly words: Uint32Array | undefined;
  readonly longs: BigUint64Array | undefined;
}

export function memory(abi: AbiProfile, bytes: Uint8Array): Memory {
  const { buffer, byteOffset, byteLength } = bytes;
  const direct = abi.byteOrder === MACHINE_BYTE_ORDER;
  const inElements = (size: number): boolean => direct && byteOffset % size === 0;
  return {
    abi,
    bytes,
    view: new DataView(buffer, byteOffset, byteLength),
    words: inElements(4) ? new Uint32Array(buffer, byteOffset, byteLength >> 2) : undefined,
    longs: inElements(8) ? new BigUint64Array(buffer, byteOffset, byteLength >> 3) : undefined,
  };
}

type AnyAccess = { readonly [K in ScalarKind]: (at: Place) => ScalarAccess<K> };

interface Place {
  readonly memory: Memory;
  readonly offset: number;
  /** `struct.field`, for the message of a refused value. */
  readonly name: string;
}

const ACCESS: AnyAccess = { u8, u16, u32, s32, u64, pointer };

/**
 * The getter and the setter of one scalar at one place.
 *
 * Valid errors: `invalid-argument` (not inside the bytes); the setter's: `invalid-argument`.
 */
export function scalarAccess<K extends ScalarKind>(
  kind: K,
  memory: Memory,
  offset: number,
  name: string,
): ScalarAccess<K> {
  if (!(offset >= 0 && offset + SCALAR_SIZES[kind] <= memory.bytes.length))
    throw new IommuError({
      code: "invalid-argument",
      operation: name,
      sentence: `${name} is not inside the buffer`,
      facts: { offset, bytes: memory.bytes.length },
    });
  return ACCESS[kind]({ memory, offset, name });
}

function u8({ memory: { view }, offset, name }: Place): ScalarAccess<"u8"> {
  return {
    get: () => view.getUint8(offset),
    set: (value) => {
      if ((value & 0xff) !== value) refuse(name, "u8", value);
      view.setUint8(offset, value);
    },
  };
}

function u16({ memory: { abi, view }, offset, name }: Place): ScalarAccess<"u16"> {
  const little = abi.byteOrder === "little";
  return {
    get: () => view.getUint16(offset, little),
    set: (value) => {
      if ((value & 0xffff) !== value) refuse(name, "u16", value);
      view.setUint16(offset, value, little);
    },
  };
}

function u32({ memory: { abi, view, words }, offset, name }: Place): ScalarAccess<"u32"> {
  if (words === undefined || offset % 4 !== 0) {
    const little = abi.byteOrder === "little";
    return {
      get: () => view.getUint32(offset, little),
      set: (value) => {
        if (value >>> 0 !== value) refuse(name, "u32", value);
        view.setUint32(offset, value, little);
      },
    };
  }
  const index = offset >>> 2;
  return {
    get: () => words[index] as number,
    set: (value) => {
      if (value >>> 0 !== value) refuse(name, "u32", value);
      words[index] = value;
    },
  };
}

function s32({ memory: { abi, view }, offset, name }: Place): ScalarAccess<"s32"> {
  const little = abi.byteOrder === "little";
  return {
    get: () => view.getInt32(offset, little),
    set: (value) => {
      if ((value | 0) !== value) refuse(name, "s32", value);
      view.setInt32(offset, value, little);
    },
  };
}

function u64({ memory: { abi, view, longs }, offset, name }: Place): ScalarAccess<"u64"> {
  if (longs === undefined || offset % 8 !== 0) {
    const little = abi.byteOrder === "little";
    return {
      get: () => view.getBigUint64(offset, little),
      set: (value) => {
        if (!isU64(value)) refuse(name, "u64", value);
        view.setBigUint64(offset, value, little);
      },
    };
  }
  const index = offset >>> 3;
  return {
    get: () => longs[index] as bigint,
    set: (value) => {
      if (!isU64(value)) refuse(name, "u64", value);
      longs[index] = value;
    },
  };
}

function pointer(place: Place): ScalarAccess<"pointer"> {
  if (place.memory.abi.wordBits === 64) return { ...u64(place) };
  const { get, set } = u32(place);
  return {
    get: () => BigInt(get()),
    set: (value) => {
      if (typeof value !== "bigint" || BigInt.asUintN(32, value) !== value)
        refuse(place.name, "32-bit pointer", value);
      set(Number(value));
    },
  };
}

/** `asUintN` folds to nothing before a 64-bit store; two comparisons cost 4 times as much. */
function isU64(value: unknown): value is bigint {
  return typeof value === "bigint" && BigInt.asUintN(64, value) === value;
}

function refuse(name: string, kind: string, value: unknown): never {
  throw new IommuError({
    code: "invalid-argument",
    operation: name,
    sentence: `${name} takes a ${kind}, not ${typeof value} ${String(value)}`,
    facts: { field: name, kind },
  });
}
