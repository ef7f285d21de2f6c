// Every budget is exceeded by a seeded file, and kept by one at the limit.

import { describe, expect, test } from "vitest";
import { checkBudgets } from "../budgets.mjs";
import { exportsWithoutDocs } from "../lib/documented-exports.mjs";
import { measureFunctions } from "../lib/functions.mjs";
import { checkPacked } from "../lib/packed-size.mjs";

const LIMITS = {
  fileLines: 400,
  functionLines: 60,
  functionLinesP90: 30,
  shareOver50: 0.02,
  testsPerSourceLine: 0,
};

function source(text, path = "packages/core/src/a.ts") {
  return { path, text };
}

function functionOf(lines, name = "f") {
  return `function ${name}() {\n${"  g();\n".repeat(lines - 2)}}\n`;
}

function rulesBroken(files, limits = LIMITS) {
  return checkBudgets(files, limits).violations.map(({ rule }) => rule);
}

describe("files and functions", () => {
  test("a file of 400 lines, and of 401", () => {
    expect(rulesBroken([source("f();\n".repeat(400))])).toEqual([]);
    expect(rulesBroken([source("f();\n".repeat(401))])).toEqual(["file-length"]);
  });

  test("a function of 60 lines, and of 61", () => {
    expect(rulesBroken([source(functionOf(60))])).toEqual([]);
    expect(rulesBroken([source(functionOf(61))])).toEqual(["function-length"]);
  });

  test("a long method, arrow and test case are functions too", () => {
    const body = "g();\n".repeat(61);
    expect(rulesBroken([source(`class A { m() {\n${body}} }`)])).toEqual(["function-length"]);
    expect(rulesBroken([source(`const a = () => {\n${body}};`)])).toEqual(["function-length"]);
    expect(rulesBroken([source(`test("x", () => {\n${body}});`)])).toEqual(["function-length"]);
  });

  test("a suite's callback has no length, its cases have", () => {
    const text = `describe.each([1])("x", () => {\n${functionOf(5)}${functionOf(70, "h")}});`;
    expect(measureFunctions(source(text)).map(({ lines }) => lines)).toEqual([5, 70]);
  });

  test("too many functions over 30 and over 50 lines", () => {
    const short = Array.from({ length: 80 }, (_, i) => functionOf(5, `s${i}`)).join("");
    const long = Array.from({ length: 20 }, (_, i) => functionOf(55, `l${i}`));
    const files = [
      ...long.map((text, i) => source(text, `packages/core/src/${i}.ts`)),
      source(short),
    ];
    expect(rulesBroken(files)).toEqual(["function-p90", "functions-over-50"]);
  });
});

describe("tests and documents", () => {
  test("too few lines of test", () => {
    const files = [
      source("f();\n".repeat(10)),
      source("t();\n".repeat(4), "packages/core/src/a.test.ts"),
    ];
    expect(rulesBroken(files, { ...LIMITS, testsPerSourceLine: 0.4 })).toEqual([]);
    expect(rulesBroken(files, { ...LIMITS, testsPerSourceLine: 0.5 })).toEqual([
      "tests-per-source-line",
    ]);
  });

  const manifest = {
    path: "packages/core/package.json",
    text: JSON.stringify({ exports: { ".": { "@iommukit/source": "./src/index.ts" } } }),
  };

  function undocumented(index, module) {
    const files = [source(index, "packages/core/src/index.ts"), source(module)];
    return exportsWithoutDocs(files, [manifest]).violations.map(({ message }) => message);
  }

  test("an export without a doc comment, through each kind of re-export", () => {
    const module =
      "export const a = 1;\n/** Said. */\nexport function b() {}\nexport interface C {}\nexport { d };\nclass d {}";
    expect(undocumented(`export * from "./a.ts";`, module)).toEqual(["a", "C", "d"]);
    expect(undocumented(`export { a as z, b } from "./a.ts";`, module)).toEqual(["a"]);
    expect(undocumented(`export type { C } from "./a.ts";`, module)).toEqual(["C"]);
    expect(undocumented("export const here = 1;", module)).toEqual(["here"]);
  });

  test("a line comment is no doc; a run of constants shares one", () => {
    expect(undocumented(`export * from "./a.ts";`, "// no\nexport const a = 1;")).toEqual(["a"]);
    const run = "/** Units. */\nexport const a = 1;\nexport const b = 2;\n\nexport const c = 3;";
    expect(undocumented(`export * from "./a.ts";`, run)).toEqual(["c"]);
  });
});

describe("what is published", () => {
  test("a package over its size", () => {
    const packed = { folder: "core", size: 2001, files: ["dist/index.js"] };
    expect(checkPacked(packed, { default: 3000, core: 2000 })).toMatchObject([
      { rule: "packed-size" },
    ]);
    expect(checkPacked(packed, { default: 3000 })).toEqual([]);
  });

  test("tests, type tests, benches and caches in the package", () => {
    const files = [
      "src/a.test.ts",
      "src/a.test-d.ts",
      "src/a.bench.ts",
      "dist/.tsbuildinfo",
      "test/a.ts",
      "src/a.ts",
    ];
    expect(checkPacked({ folder: "core", size: 1, files }, { default: 10 })).toHaveLength(5);
  });
});
