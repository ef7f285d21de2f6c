// Makes a fact of what a program logs: plain data that JSON holds without loss.

import { IommuError } from "@iommukit/core";
import type { Fact } from "./message.ts";

/** Valid errors: `invalid-argument`. */
export function toFact(value: unknown): Fact {
  if (!isObject(value) || isBytes(value))
    throw refused(`a fact is an object such as { bytes: 4096 }, not ${describe(value)}`);
  const fact = copied(value);
  if (isObject(fact)) return fact;
  throw refused("a fact is an object, and this one's toJSON answers something else");
}

function copied(value: object): unknown {
  try {
    return JSON.parse(JSON.stringify(value, replaced) ?? "null");
  } catch (cause) {
    throw refused("a fact is data: this one refers to itself, or cannot be read", cause);
  }
}

function isObject(value: unknown): value is Fact {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Numbers too: JSON would make null of NaN and of infinity, and nobody would know which. */
function replaced(this: Readonly<Record<string, unknown>>, key: string, value: unknown): unknown {
  // A Buffer has turned itself into an object by now; `this` still holds it.
  const bytes = this[key];
  if (isBytes(bytes)) return Buffer.from(bytes).toString("hex");
  if (typeof value === "bigint")
    return `${value < 0n ? "-" : ""}0x${magnitude(value).toString(16)}`;
  if (typeof value === "number" && !Number.isFinite(value)) return String(value);
  return value;
}

function magnitude(value: bigint): bigint {
  return value < 0n ? -value : value;
}

function isBytes(value: unknown): value is Uint8Array {
  return value instanceof Uint8Array;
}

function describe(value: unknown): string {
  if (Array.isArray(value)) return "an array";
  return isBytes(value) ? "bytes" : `${value === null ? "null" : typeof value}`;
}

function refused(sentence: string, cause?: unknown): IommuError {
  return new IommuError({ code: "invalid-argument", operation: "Host.log", sentence, cause });
}
