// What this project calls unsafe may only stand in marked rooms: koffi, and `as`.
//
// A cast is allowed in a room whose file opens with `// UNSAFE: <why it is sound>`, in the brand
// constructors of core/src/address, after a comment `// cast: <why>` on its line or the line before,
// and in tests, which may build wrong values on purpose. `as const` is no cast. `any`, the non-null
// `!` and switched-off checks are allowed nowhere: Biome refuses the first two as well, but has no
// binary for every machine that this check runs on.

import { importsOf } from "./lib/imports.mjs";
import { isMain, report } from "./lib/report.mjs";
import { isTest, lineOf, parse, readCode, violation, walk } from "./lib/sources.mjs";

const ROOMS =
  /^packages\/(host-linux\/src\/native|core\/src\/abi|core\/src\/address|testkit\/src\/memory)\//;
const BRANDS = /^packages\/core\/src\/address\//;
const NATIVE = /^packages\/host-linux\/src\/native\//;
const MARKED = /^\/\/ UNSAFE: \S/;
const UNMARKED = ["unmarked-room", "the file must open with `// UNSAFE: <why>`"];
const CAST_REASON = /^\s*cast: \S/;
const SWITCHED_OFF = /@ts-(ignore|nocheck|expect-error)/;

const BITS_OF_A_NUMBER = 32;
const SHIFTS = new Set(["<<", ">>", ">>>", "<<=", ">>=", ">>>="]);

export function checkUnsafeRoom(files) {
  const found = { violations: [], casts: 0 };
  for (const file of files) {
    found.violations.push(...koffiOutside(file), ...switchedOff(file));
    inspectNodes(file, found);
  }
  return found;
}

function inspectNodes(file, found) {
  walk(parse(file).program, (node, parent) => {
    if (isCast(node) && !isCast(parent)) {
      found.casts += 1;
      found.violations.push(...looseCast(file, node));
    }
    const message = forbidden(node);
    if (message !== undefined) found.violations.push(violation(file, node.start, ...message));
  });
}

function isCast(node) {
  if (node?.type === "TSTypeAssertion") return true;
  return node?.type === "TSAsExpression" && node.typeAnnotation.typeName?.name !== "const";
}

function looseCast(file, node) {
  if (isTest(file.path) || BRANDS.test(file.path) || hasReason(file, node)) return [];
  if (!ROOMS.test(file.path))
    return [violation(file, node.start, "cast", "a cast outside the rooms needs `// cast: <why>`")];
  return MARKED.test(file.text) ? [] : [violation(file, node.start, ...UNMARKED)];
}

function hasReason(file, node) {
  const lines = [lineOf(file, node.start), lineOf(file, node.end)];
  return parse(file).comments.some((comment) => {
    const line = lineOf(file, comment.start);
    return CAST_REASON.test(comment.value) && line >= lines[0] - 1 && line <= lines[1];
  });
}

function forbidden(node) {
  if (node.type === "TSAnyKeyword") return ["any", "use unknown, or the type it is"];
  if (node.type === "TSNonNullExpression") return ["non-null", "check it, and throw with facts"];
  if (SHIFTS.has(node.operator) && shiftsTooFar(node.right))
    return ["shift", "a number is shifted modulo 32; use a bigint or multiply"];
  return undefined;
}

function shiftsTooFar(amount) {
  return typeof amount?.value === "number" && amount.value >= BITS_OF_A_NUMBER;
}

function koffiOutside(file) {
  const inRoom = NATIVE.test(file.path);
  if (inRoom && MARKED.test(file.text)) return [];
  const rule = inRoom ? UNMARKED : ["koffi", `only ${NATIVE.source} may import koffi`];
  return importsOf(file)
    .filter(({ specifier }) => specifier === "koffi" || specifier?.startsWith("koffi/"))
    .map(({ offset }) => violation(file, offset, ...rule));
}

function switchedOff(file) {
  return parse(file)
    .comments.filter((comment) => SWITCHED_OFF.test(comment.value))
    .filter((comment) => !(isTest(file.path) && comment.value.includes("@ts-expect-error")))
    .map((comment) =>
      violation(file, comment.start, "switched-off", "answer the compiler instead"),
    );
}

if (isMain(import.meta.url)) {
  const files = readCode();
  const { violations, casts } = checkUnsafeRoom(files);
  report({ violations, summary: `${casts} casts in ${files.length} files` });
}
