// Every ```ts block of every document compiles, and the ones marked `run` run.
//
//   ```ts            a module; type-checked against the packages' sources
//   ```ts run        also executed, against what `tsc -b` built; a ```text block that comes next
//                    is its expected output
//   ```ts fragment   a signature or a few lines out of context; only counted
//
// A block is copied to .cache/ with as many empty lines before it as it has in its document, so the
// compiler's line numbers are the document's.

import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isMain, report } from "./lib/report.mjs";
import { listFiles, ROOT, readFiles } from "./lib/sources.mjs";

const WORKSHOP = ".cache/readme-examples";
const MAIN_DOCUMENT = "README.md";
const RUN_LIMIT_MS = 60_000;

const COMPILER_OPTIONS = {
  noEmit: false,
  incremental: false,
  tsBuildInfoFile: null,
  outDir: "out",
  rootDir: ".",
  rewriteRelativeImportExtensions: true,
  allowImportingTsExtensions: false,
  noUnusedLocals: false,
};

/** `{ path, line, kind, code, output }[]`: the ts blocks of one document. */
export function extractBlocks({ path, text }) {
  const fences = [...text.matchAll(/^```(\w+)?[ \t]*([^\n]*)\n(.*?)^```[ \t]*$/gms)];
  return fences.flatMap((fence, index) => {
    const [, language, mark, code] = fence;
    if (language !== "ts" && language !== "typescript") return [];
    const next = fences[index + 1];
    const output = next?.[1] === "text" && between(text, fence, next) === "" ? next[3] : undefined;
    const line = text.slice(0, fence.index).split("\n").length + 1;
    return [{ path, line, kind: mark.trim() || "check", code, output }];
  });
}

function between(text, fence, next) {
  return text.slice(fence.index + fence[0].length, next.index).trim();
}

/** Violations of the marks themselves: an unknown mark, or a README whose example does not run. */
export function checkMarks(documents, blocks) {
  const unknown = blocks
    .filter(({ kind }) => !["check", "run", "fragment"].includes(kind))
    .map(({ path, line, kind }) => ({ path, line, rule: "unknown-mark", message: kind }));
  const runs = blocks.some(({ path, kind }) => path === MAIN_DOCUMENT && kind === "run");
  const missing = {
    path: MAIN_DOCUMENT,
    line: 1,
    rule: "main-example",
    message: "no ```ts run block",
  };
  const hasReadme = documents.some(({ path }) => path === MAIN_DOCUMENT);
  return hasReadme && !runs ? [...unknown, missing] : unknown;
}

/** Type-checks and runs the blocks; returns violations at the documents' own lines. */
export function tryBlocks(blocks) {
  const checked = blocks.filter(({ kind }) => kind !== "fragment").map(named);
  if (checked.length === 0) return [];
  prepareWorkshop(checked);
  const compiled = compile();
  const errors = compiled.stdout.split("\n").flatMap((line) => locate(line, checked));
  if (errors.length > 0) return errors;
  if (compiled.status !== 0)
    return [
      { path: WORKSHOP, line: 1, rule: "compile", message: compiled.stdout + compiled.stderr },
    ];
  return checked.filter(({ kind }) => kind === "run").flatMap(runBlock);
}

function named(block) {
  return { ...block, name: `${block.path.replaceAll(/[^\w]/g, "_")}_${block.line}` };
}

function prepareWorkshop(blocks) {
  const folder = join(ROOT, WORKSHOP);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const config = {
    extends: "../../tsconfig.dev.json",
    compilerOptions: COMPILER_OPTIONS,
    include: [],
    files: blocks.map(({ name }) => `${name}.ts`),
  };
  writeFileSync(join(folder, "package.json"), JSON.stringify({ type: "module", private: true }));
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(config, undefined, 2));
  for (const { name, line, code } of blocks)
    writeFileSync(join(folder, `${name}.ts`), "\n".repeat(line - 1) + code);
}

function compile() {
  const compiler = join(ROOT, "node_modules/typescript/bin/tsc");
  const args = [compiler, "-p", ".", "--pretty", "false"];
  return spawnSync(process.execPath, args, { cwd: join(ROOT, WORKSHOP), encoding: "utf8" });
}

function locate(text, blocks) {
  const [, file, line, message] = text.match(/^(\S+?)\((\d+),\d+\): (error .*)$/) ?? [];
  if (file === undefined) return [];
  const block = blocks.find(({ name }) => file === `${name}.ts`);
  return [{ path: block?.path ?? file, line: Number(line), rule: "does-not-compile", message }];
}

function runBlock({ path, line, name, output }) {
  const options = { cwd: join(ROOT, WORKSHOP), encoding: "utf8", timeout: RUN_LIMIT_MS };
  const { status, stdout, stderr, signal } = spawnSync(
    process.execPath,
    [`out/${name}.js`],
    options,
  );
  const broken = (message) => [{ path, line, rule: "does-not-run", message }];
  if (status !== 0) return broken(`${signal ?? `status ${status}`}\n${stderr.trimEnd()}`);
  if (output === undefined || stdout.trimEnd() === output.trimEnd()) return [];
  return broken(`printed\n${stdout.trimEnd()}\nthe document says\n${output.trimEnd()}`);
}

function main() {
  const documents = readFiles(listFiles((path) => path.endsWith(".md")));
  const blocks = documents.flatMap(extractBlocks);
  const violations = [...checkMarks(documents, blocks), ...tryBlocks(blocks)];
  if (!existsSync(join(ROOT, MAIN_DOCUMENT)))
    violations.push({
      path: MAIN_DOCUMENT,
      line: 1,
      rule: "main-example",
      message: "no README.md",
    });
  const count = (kind) => blocks.filter((block) => block.kind === kind).length;
  const counts = `${count("check") + count("run")} blocks compiled, ${count("run")} run, ${count("fragment")} fragments`;
  report({ violations, summary: `${documents.length} documents, ${counts}` });
}

if (isMain(import.meta.url)) main();
