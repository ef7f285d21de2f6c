// The files of the checkout and their syntax trees, for every check in this folder.
//
// A check is a function from `{ path, text }[]` to violations, with paths relative to the root, so
// that its test can hand it files that do not exist. Nothing here knows a rule.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseSync, visitorKeys } from "oxc-parser";

export const ROOT = fileURLToPath(new URL("../../", import.meta.url));

const SKIPPED_FOLDERS = new Set(["node_modules", "dist", "coverage", ".git", ".cache"]);

/** Every file under `folder` whose path matches, relative to the root and sorted. */
export function listFiles(matches, folder = "") {
  return readdirSync(join(ROOT, folder), { withFileTypes: true })
    .flatMap((entry) => {
      const path = folder === "" ? entry.name : `${folder}/${entry.name}`;
      if (entry.isDirectory())
        return SKIPPED_FOLDERS.has(entry.name) ? [] : listFiles(matches, path);
      return entry.isFile() && matches(path) ? [path] : [];
    })
    .sort();
}

export function readFiles(paths) {
  return paths.map((path) => ({ path, text: readFileSync(join(ROOT, path), "utf8") }));
}

/** All TypeScript and tool code: what the budgets and the rooms are about. */
export function readCode() {
  const folders = /^(packages|examples|integration|bench|tools|\.ci)\//;
  return readFiles(listFiles((path) => folders.test(path) && /\.(ts|mts|mjs)$/.test(path)));
}

export function isTest(path) {
  return (
    /\.(test|test-d|bench)\.(ts|mjs)$/.test(path) ||
    /^(packages\/[^/]+|tools|integration)\/test\//.test(path) ||
    path.startsWith("integration/")
  );
}

const trees = new WeakMap();

/** The ESTree program and comments of a file; throws where the file does not parse. */
export function parse(file) {
  const known = trees.get(file);
  if (known !== undefined) return known;
  const { program, comments, errors } = parseSync(file.path, file.text);
  const [error] = errors;
  if (error !== undefined) throw new Error(`${file.path}: does not parse: ${error.message}`);
  const tree = { program, comments };
  trees.set(file, tree);
  return tree;
}

/** Calls `visit(node, parent)` for every node, outer before inner. */
export function walk(node, visit, parent) {
  visit(node, parent);
  for (const key of visitorKeys[node.type] ?? []) {
    for (const child of [node[key]].flat()) if (child?.type) walk(child, visit, node);
  }
}

/** The 1-based line of an offset. */
export function lineOf(file, offset) {
  let line = 1;
  for (
    let at = file.text.indexOf("\n");
    at >= 0 && at < offset;
    at = file.text.indexOf("\n", at + 1)
  )
    line += 1;
  return line;
}

export function violation(file, offset, rule, message) {
  return { path: file.path, line: lineOf(file, offset), rule, message };
}

/** The value at fraction `q` of the sorted numbers; 0 when there are none. */
export function quantile(numbers, q) {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? 0;
}
