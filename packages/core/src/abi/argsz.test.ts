import { describe, expect, test } from "vitest";
import { isIommuError } from "../errors/base.ts";
import { type ArgszRequest, askWithArgsz, MAX_ARGSZ, MAX_ARGSZ_ROUNDS } from "./argsz.ts";
import { ARCHES, abiProfile } from "./profile.ts";

const ENOSPC = -28;

/** A kernel whose answers are given in order; it notes the argsz of each call. */
function kernel(arch: (typeof ARCHES)[number], answers: readonly ((argsz: number) => number)[]) {
  const abi = abiProfile(arch, 4096);
  const little = abi.byteOrder === "little";
  const asked: number[] = [];
  const call = (bytes: Uint8Array): number => {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const argsz = view.getUint32(0, little);
    expect(argsz).toBe(bytes.length);
    asked.push(argsz);
    const next = answers[asked.length - 1];
    if (next === undefined) throw new Error("asked once too often");
    const answered = next(argsz);
    if (answered >= 0) view.setUint32(0, answered, little);
    return Math.min(answered, 0);
  };
  const ask = (more: Partial<ArgszRequest> = {}) =>
    askWithArgsz(abi, { operation: "VFIO_TEST_INFO", bytes: 24, call, ...more });
  return { asked, ask };
}

const same = (argsz: number): number => argsz;
const misbehaved = expect.toSatisfy((error) => isIommuError(error, "kernel-misbehaved"));

describe.each(ARCHES)("%s", (arch) => {
  test("default: an answer that fits is one call", () => {
    const { ask, asked } = kernel(arch, [same]);
    expect(ask().bytes).toHaveLength(24);
    expect(asked).toEqual([24]);
  });

  test("behavior: a short buffer grows to what the kernel says, at once", () => {
    const { ask, asked } = kernel(arch, [() => 136, same]);
    const { result, bytes } = ask();
    expect([result, bytes.length]).toEqual([0, 136]);
    expect(asked).toEqual([24, 136]);
  });
});

test("behavior: a chain that grows between calls is followed", () => {
  const { ask, asked } = kernel("x86_64", [() => 40, () => 56, () => 72, same]);
  expect(ask().bytes).toHaveLength(72);
  expect(asked).toEqual([24, 40, 56, 72]);
});

test("behavior: an argsz below the buffer and not below the struct is an answer", () => {
  expect(kernel("x86_64", [() => 64, () => 40]).ask().bytes).toHaveLength(64);
});

test("behavior: a refusal is handed on after one call, whatever stands in the buffer", () => {
  const { ask, asked } = kernel("ppc64", [() => -22]);
  expect(ask().result).toBe(-22);
  expect(asked).toEqual([24]);
});

test("behavior: input fields are written before every call", () => {
  const seen: number[] = [];
  const { ask } = kernel("x86_64", [() => 40, same]);
  ask({
    prepare: (bytes) => {
      bytes[8] = 7;
      seen.push(bytes.length);
    },
  });
  expect(seen).toEqual([24, 40]);
});

test("behavior: a call that says its need in another way than argsz (hot reset info)", () => {
  const { ask, asked } = kernel("x86_64", [() => ENOSPC, same]);
  const needed = (bytes: Uint8Array, result: number) =>
    result === ENOSPC ? 24 + 16 : bytes.length;
  expect(ask({ needed })).toMatchObject({ result: 0 });
  expect(asked).toEqual([24, 40]);
});

test("error: an argsz that keeps growing is followed a limited number of times", () => {
  const { ask, asked } = kernel(
    "x86_64",
    Array(MAX_ARGSZ_ROUNDS).fill((size: number) => size + 8),
  );
  expect(ask).toThrow("grew at every call");
  expect(asked).toHaveLength(MAX_ARGSZ_ROUNDS);
});

test.each([0, 1, 23])("error: argsz %s is less than the struct", (argsz) => {
  expect(kernel("x86_64", [() => argsz]).ask).toThrow("less than the struct");
  expect(kernel("x86_64", [() => argsz]).ask).toThrow(misbehaved);
});

test.each([MAX_ARGSZ + 1, 0xffff_ffff])(
  "error: argsz %s is absurd and is not allocated",
  (argsz) => {
    expect(kernel("x86_64", [() => argsz]).ask).toThrow("is absurd");
    expect(kernel("ppc32", [() => argsz]).ask).toThrow(misbehaved);
  },
);

test("behavior: the limits are the caller's to lower", () => {
  expect(() => kernel("x86_64", [() => 65]).ask({ maximumBytes: 64 })).toThrow("is absurd");
  expect(kernel("x86_64", [() => 64, same]).ask({ maximumBytes: 64 }).bytes).toHaveLength(64);
  expect(() => kernel("x86_64", [() => 32]).ask({ maximumRounds: 1 })).toThrow(
    "grew at every call",
  );
});

test("error: a need that is no number, from the caller's own function, does not loop", () => {
  const needed = () => Number.NaN;
  expect(() => kernel("x86_64", [same]).ask({ needed })).toThrow(misbehaved);
  expect(kernel("x86_64", [() => -22]).ask({ needed }).result).toBe(-22);
});
