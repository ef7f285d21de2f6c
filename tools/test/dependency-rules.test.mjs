// Each dependency rule catches a seeded violation, and lets through what is allowed.

import { describe, expect, test } from "vitest";
import { checkDependencies } from "../dependency-rules.mjs";

const ENTRIES = { ".": {}, "./port": {}, "./contract": {}, "./abi": {} };
const PACKAGES = ["core", "testkit", "host-linux", "type1-x86", "spapr-tce", "lab"];
const MANIFESTS = PACKAGES.map((folder) => manifest(folder));

function manifest(folder, more = {}) {
  return { folder, name: `@iommukit/${folder}`, exports: ENTRIES, ...more };
}

function rulesBroken(sources, manifests = MANIFESTS) {
  const files = Object.entries(sources).map(([path, text]) => ({ path: `packages/${path}`, text }));
  return checkDependencies(files, manifests).violations.map(({ rule }) => rule);
}

const SEEDED = {
  "core imports npm": ["npm-modules", "core/src/a.ts", `import { match } from "ts-pattern";`],
  "core imports node:": ["no-node", "core/src/a.ts", `import "node:fs";`],
  "core names a node type": ["no-node", "core/src/a.ts", `type A = import("node:fs").Stats;`],
  "core imports a bare builtin": ["npm-modules", "core/src/a.ts", `import "fs";`],
  "core imports testkit": ["direction", "core/src/a.ts", `import "@iommukit/testkit";`],
  "backend imports a backend": ["direction", "type1-x86/src/a.ts", `import "@iommukit/spapr-tce";`],
  "backend imports host-linux": [
    "direction",
    "type1-x86/src/a.ts",
    `import "@iommukit/host-linux";`,
  ],
  "backend imports testkit": ["direction", "type1-x86/src/a.ts", `import "@iommukit/testkit";`],
  "backend imports node:": ["no-node", "type1-x86/src/a.ts", `export * from "node:os";`],
  "backend imports npm": ["npm-modules", "type1-x86/src/a.ts", `import "cac";`],
  "backend's test imports a backend": [
    "direction",
    "type1-x86/test/a.test.ts",
    `import "@iommukit/spapr-tce";`,
  ],
  "testkit imports a backend": [
    "direction",
    "testkit/src/model/a.ts",
    `import type { T } from "@iommukit/type1-x86";`,
  ],
  "testkit's test imports a backend": [
    "direction",
    "testkit/test/a.test.ts",
    `import "@iommukit/type1-x86";`,
  ],
  "testkit imports node:": ["no-node", "testkit/src/a.ts", `const fs = await import("node:fs");`],
  "testkit imports vitest": [
    "vitest-room",
    "testkit/src/laws/a.ts",
    `import { it } from "vitest";`,
  ],
  "host-linux imports testkit": ["direction", "host-linux/src/a.ts", `import "@iommukit/testkit";`],
  "host-linux imports npm": ["npm-modules", "host-linux/src/native/a.ts", `import "pino";`],
  "koffi outside the room": ["koffi-room", "host-linux/src/a.ts", `import koffi from "koffi";`],
  "koffi by require": ["koffi-room", "lab/src/a.ts", `const k = require("koffi");`],
  "koffi by import =": ["koffi-room", "lab/src/a.ts", `import k = require("koffi");`],
  "koffi in a test": ["koffi-room", "host-linux/src/a.test.ts", `import "koffi";`],
  "somebody imports lab": ["nobody-imports-lab", "testkit/src/a.ts", `import "@iommukit/lab";`],
  "a deep import": [
    "no-deep-imports",
    "lab/src/a.ts",
    `import "@iommukit/core/src/port/index.ts";`,
  ],
  "a relative import of another package": [
    "stay-in-package",
    "lab/src/a.ts",
    `import "../../core/src/a.ts";`,
  ],
  "a computed import": [
    "literal-imports",
    "core/src/a.ts",
    `export const load = (n: string) => import(n);`,
  ],
  "kernel reads core's tables": [
    "own-decoders",
    "testkit/src/kernel/a.ts",
    `import { u32 } from "@iommukit/core/abi";`,
  ],
  "hardware names an abi type": [
    "own-decoders",
    "testkit/src/hardware/a.ts",
    `import type { T } from "@iommukit/core/abi";`,
  ],
  "memory uses core's values": [
    "own-decoders",
    "testkit/src/memory/a.ts",
    `import { x } from "@iommukit/core/port";`,
  ],
  "devices import all of core": [
    "own-decoders",
    "testkit/src/devices/a.ts",
    `import type { T } from "@iommukit/core";`,
  ],
  "hardware knows the kernel": [
    "machine-layers",
    "testkit/src/hardware/a.ts",
    `import "../kernel/b.ts";`,
  ],
  "devices know the kernel": [
    "machine-layers",
    "testkit/src/devices/a.ts",
    `import "../kernel/b.ts";`,
  ],
  "devices touch RAM": [
    "machine-layers",
    "testkit/src/devices/a.ts",
    `import "../memory/physical-memory.ts";`,
  ],
};

describe("a seeded violation is caught", () => {
  test.each(Object.entries(SEEDED))("%s", (_, [rule, path, text]) => {
    expect(rulesBroken({ [path]: text })).toContain(rule);
  });

  test("the simulated machine reaches core's tables through a helper", () => {
    const found = rulesBroken({
      "testkit/src/kernel/a.ts": `import { help } from "../help.ts";`,
      "testkit/src/help.ts": `import { u32 } from "@iommukit/core/abi"; export const help = u32;`,
    });
    expect(found).toEqual(["own-decoders"]);
  });

  test("a cycle of three files", () => {
    const found = rulesBroken({
      "core/src/a.ts": `import { b } from "./b.ts"; export const a = b;`,
      "core/src/b.ts": `export { c as b } from "./c.ts";`,
      "core/src/c.ts": `import { a } from "./a.ts"; export const c = a;`,
    });
    expect(found).toEqual(["no-cycles"]);
  });

  test("a package without a layer", () => {
    expect(rulesBroken({}, [manifest("riscv")])).toEqual(["declared-layer"]);
  });

  test("a manifest that depends on too much", () => {
    const core = manifest("core", {
      dependencies: { koffi: "1" },
      peerDependencies: { vitest: "5" },
    });
    expect(rulesBroken({}, [core])).toEqual(["manifest", "manifest"]);
  });
});

const ALLOWED = {
  "a package's own folders": ["core/src/a/b.ts", `import "../c/d.ts";`],
  "a backend on core": [
    "type1-x86/src/a.ts",
    `import { match } from "ts-pattern"; import "@iommukit/core/abi";`,
  ],
  "koffi in its room": [
    "host-linux/src/native/a.ts",
    `import koffi from "koffi"; import "node:fs";`,
  ],
  "the conformance suite on vitest": [
    "testkit/src/conformance/describe-backend.ts",
    `import { it } from "vitest";`,
  ],
  "a backend's test on testkit": [
    "type1-x86/test/a.test.ts",
    `import { it } from "vitest"; import "@iommukit/testkit";`,
  ],
  "a test on the vectors": [
    "core/src/a.test.ts",
    `import v from "../../../vectors/uapi/x.json" with { type: "json" };`,
  ],
  "the kernel on the port's types": [
    "testkit/src/kernel/a.ts",
    `import type { P } from "@iommukit/core/port";`,
  ],
  "the kernel on the hardware": ["testkit/src/kernel/a.ts", `import "../hardware/b.ts";`],
  "lab on everything": [
    "lab/src/a.ts",
    `import "@iommukit/type1-x86"; import "node:os"; import "cac";`,
  ],
};

test.each(Object.entries(ALLOWED))("allowed: %s", (_, [path, text]) => {
  expect(rulesBroken({ [path]: text })).toEqual([]);
});

test("a cycle of types is noted, not refused", () => {
  const files = [
    { path: "packages/core/src/a.ts", text: `import type { B } from "./b.ts"; export type A = B;` },
    {
      path: "packages/core/src/b.ts",
      text: `import type { A } from "./a.ts"; export type B = A | 1;`,
    },
  ];
  const { violations, notes } = checkDependencies(files, MANIFESTS);
  expect(violations).toEqual([]);
  expect(notes).toHaveLength(1);
});
