// The unsafe room catches seeded casts, and does not cry wolf.

import { describe, expect, test } from "vitest";
import { checkUnsafeRoom } from "../unsafe-room.mjs";

function rulesBroken(path, text) {
  return checkUnsafeRoom([{ path, text }]).violations.map(({ rule }) => rule);
}

const SEEDED = {
  "a cast": ["cast", "packages/core/src/a.ts", "export const a = b as string;"],
  "a double cast, once": ["cast", "packages/core/src/a.ts", "export const a = b as unknown as A;"],
  "a bracket cast": ["cast", "packages/core/src/a.ts", "export const a = <A>b;"],
  "a cast in an example": ["cast", "examples/01/a.ts", "export const a = b as string;"],
  "a cast in an unmarked room": [
    "unmarked-room",
    "packages/core/src/abi/a.ts",
    "export const a = b as A;",
  ],
  "an empty reason": ["cast", "packages/core/src/a.ts", "export const a = b as A; // cast:"],
  "non-null": ["non-null", "packages/core/src/a.ts", "export const a = b!;"],
  "non-null in a test": ["non-null", "packages/core/src/a.test.ts", "export const a = b!;"],
  any: ["any", "packages/host-linux/src/native/a.ts", "export const a: any = 1;"],
  "any in a test": ["any", "packages/core/src/a.test.ts", "export const a = f<any>();"],
  "koffi elsewhere": ["koffi", "packages/lab/src/a.ts", `const k = await import("koffi");`],
  "koffi in an unmarked room": [
    "unmarked-room",
    "packages/host-linux/src/native/a.ts",
    `import "koffi";`,
  ],
  "ts-ignore": ["switched-off", "packages/core/src/a.test.ts", "// @ts-ignore\nf();"],
  "ts-expect-error in source": [
    "switched-off",
    "packages/core/src/a.ts",
    "// @ts-expect-error\nf();",
  ],
  "1 << 59": ["shift", "packages/core/src/a.ts", "export const a = 1 << 59;"],
  "x >>>= 32": ["shift", "packages/core/src/a.ts", "x >>>= 32;"],
};

describe("a seeded violation is caught", () => {
  test.each(Object.entries(SEEDED))("%s", (_, [rule, path, text]) => {
    expect(rulesBroken(path, text)).toEqual([rule]);
  });
});

const ALLOWED = {
  "as const": ["packages/core/src/a.ts", "export const a = [1] as const;"],
  "renamed import and key": [
    "packages/core/src/a.ts",
    `import { a as b } from "./b.ts"; type T = { [K in A as K]: b };`,
  ],
  satisfies: ["packages/core/src/a.ts", "export const a = 1 satisfies number;"],
  "reason on the line": [
    "packages/core/src/a.ts",
    "export const a = b as A; // cast: checked above",
  ],
  "reason before": ["packages/core/src/a.ts", "// cast: checked above\nexport const a = b as A;"],
  "a marked room": [
    "packages/core/src/abi/a.ts",
    "// UNSAFE: the table is checked\nexport const a = b as A;",
  ],
  "a brand": ["packages/core/src/address/a.ts", "export const a = b as A;"],
  "a test": ["packages/core/src/a.test.ts", "// @ts-expect-error\nexport const a = b as A;"],
  "koffi in its room": ["packages/host-linux/src/native/a.ts", `// UNSAFE: ffi\nimport "koffi";`],
  "a bigint shift": ["packages/core/src/a.ts", "export const a = 1n << 59n;"],
  "a word about any": ["packages/core/src/a.ts", "// any as string!\nexport const any = 1;"],
};

test.each(Object.entries(ALLOWED))("allowed: %s", (_, [path, text]) => {
  expect(rulesBroken(path, text)).toEqual([]);
});
