// The gates that are other people's tools catch seeded violations with this checkout's settings.
//
// A setting that silently does nothing (a rule renamed, a domain switched off, a test file outside
// `include`) looks like a clean tree. Each tool gets a small tree with one fault a line.

import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { ROOT } from "../lib/sources.mjs";

const HAS_BIOME = ["x64", "arm64"].includes(process.arch);
const folders = [];
afterAll(() => folders.map((folder) => rmSync(folder, { recursive: true, force: true })));

function plant(parent, files) {
  mkdirSync(parent, { recursive: true });
  const folder = mkdtempSync(join(parent, "seeded-"));
  folders.push(folder);
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  return folder;
}

function run(folder, program, ...args) {
  const options = { cwd: folder, encoding: "utf8", timeout: 60_000 };
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [join(ROOT, "node_modules", program), ...args],
    options,
  );
  return { status, output: stdout + stderr };
}

function lint(files) {
  const folder = plant(tmpdir(), files);
  copyFileSync(join(ROOT, "biome.json"), join(folder, "biome.json"));
  return run(
    folder,
    "@biomejs/biome/bin/biome",
    "ci",
    "--vcs-enabled=false",
    "--error-on-warnings",
    "--colors=off",
    ".",
  );
}

const SEEDED = {
  noExplicitAny: "export const a: any = 1;\n",
  noNonNullAssertion: "export const a = (b?: { c: number }): number => b!.c;\n",
  noEnum: "export enum A {\n  B = 1,\n}\n",
  noDefaultExport: "export default 1;\n",
  noFloatingPromises:
    "async function f(): Promise<void> {\n  await 1;\n}\nexport function g(): void {\n  f();\n}\n",
  noMisusedPromises:
    "async function f(): Promise<boolean> {\n  return await Promise.resolve(true);\n}\nexport function g(): number {\n  if (f()) return 1;\n  return 2;\n}\n",
  noReExportAll: `export * from "./b.ts";\n`,
  noBarrelFile: `export { b } from "./b.ts";\n`,
  noUnusedVariables: "const a = 1;\nexport {};\n",
  noConsole: "console.log(1);\n",
  useImportExtensions: `import { b } from "./b";\n\nexport const a = b;\n`,
  useImportType: `import { B } from "./b.ts";\n\nexport const a: B = 1;\n`,
  noParameterAssign: "export function f(a: number): number {\n  a = 1;\n  return a;\n}\n",
  useNodejsImportProtocol: `import "fs";\n`,
  format: "export const a = {b:1}\n",
};
const NEIGHBOUR = "export const b = 1;\nexport type B = number;\n";

describe.runIf(HAS_BIOME)("Biome", { timeout: 60_000 }, () => {
  test.each(Object.entries(SEEDED))("catches %s", (rule, text) => {
    const { status, output } = lint({
      "packages/core/src/a.ts": text,
      "packages/core/src/b.ts": NEIGHBOUR,
    });
    expect(output).toMatch(new RegExp(`lint/\\w+/${rule}\\b|a.ts ${rule}`));
    expect(status).toBe(1);
  });

  test("lets index.ts re-export, and an example export its program", () => {
    const { status, output } = lint({
      "packages/core/src/index.ts": `export { b } from "./b.ts";\n`,
      "packages/core/src/b.ts": NEIGHBOUR,
      "examples/a/a.ts": "export default function (): void {}\n",
    });
    expect(output).not.toContain("lint/");
    expect(status).toBe(0);
  });

  test("catches a focused test", () => {
    const text = `import { test } from "vitest";\n\ntest.only("a", () => {});\n`;
    expect(lint({ "packages/core/src/a.test.ts": text }).output).toContain("noFocusedTests");
  });
});

describe("type tests", { timeout: 60_000 }, () => {
  function compile(text) {
    const config = { extends: "../../../tsconfig.dev.json", include: [], files: ["a.test-d.ts"] };
    const compilerOptions = { incremental: false, tsBuildInfoFile: null };
    const folder = plant(join(ROOT, ".cache/seeded"), {
      "tsconfig.json": JSON.stringify({ ...config, compilerOptions }),
      "a.test-d.ts": text,
    });
    return run(folder, "typescript/bin/tsc", "-p", ".", "--pretty", "false");
  }

  test("an @ts-expect-error that expects nothing is an error", () => {
    expect(compile("// @ts-expect-error\nexport const a: number = 1;\n").output).toContain(
      "TS2578",
    );
  });

  test("one that expects something is none", () => {
    expect(compile("// @ts-expect-error\nexport const a: string = 1;\n")).toMatchObject({
      status: 0,
    });
  });
});

describe("knip", { timeout: 60_000 }, () => {
  test("catches an unused file, export and dependency", () => {
    const folder = plant(tmpdir(), {
      "package.json": JSON.stringify({ name: "root", private: true, workspaces: ["packages/*"] }),
      "packages/core/package.json": JSON.stringify({
        name: "@iommukit/core",
        exports: { ".": "./src/index.ts" },
        dependencies: { koffi: "3" },
      }),
      "packages/core/src/index.ts": `import { b } from "./b.ts";\n\nexport const a = b;\n`,
      "packages/core/src/b.ts": "export const b = 1;\nexport const unused = 2;\n",
      "packages/core/src/orphan.ts": "export const c = 1;\n",
    });
    copyFileSync(join(ROOT, "knip.json"), join(folder, "knip.json"));
    const { status, output } = run(
      folder,
      "knip/bin/knip.js",
      "--no-progress",
      "--no-config-hints",
    );
    expect(output).toMatch(/Unused files[\s\S]*orphan\.ts[\s\S]*koffi[\s\S]*unused/);
    expect(status).not.toBe(0);
  });
});
