// How long functions are: first line to last, with what is nested inside.
//
// The callback of a `describe…` call is a list of cases and no function to read at once; it has no
// length. Each case in it has.

import { lineOf, parse, walk } from "./sources.mjs";

const FUNCTIONS = new Set(["FunctionDeclaration", "FunctionExpression", "ArrowFunctionExpression"]);

/** `{ path, line, name, lines }[]` of one file. */
export function measureFunctions(file) {
  const found = [];
  walk(parse(file).program, (node, parent) => {
    if (!FUNCTIONS.has(node.type) || isSuite(node, parent)) return;
    const line = lineOf(file, node.start);
    found.push({
      path: file.path,
      line,
      name: nameOf(node, parent),
      lines: lineOf(file, node.end) - line + 1,
    });
  });
  return found;
}

export function longFunctions(functions, { functionLines }) {
  return functions
    .filter(({ lines }) => lines > functionLines)
    .map(({ path, line, name, lines }) => {
      return {
        path,
        line,
        rule: "function-length",
        message: `${name}: ${lines} lines, limit ${functionLines}`,
      };
    });
}

function isSuite(node, parent) {
  if (parent?.type !== "CallExpression" || !parent.arguments.includes(node)) return false;
  return rootName(parent.callee).startsWith("describe");
}

function rootName(callee) {
  if (callee.type === "MemberExpression") return rootName(callee.object);
  if (callee.type === "CallExpression") return rootName(callee.callee);
  return callee.name ?? "";
}

function nameOf(node, parent) {
  return node.id?.name ?? parent?.id?.name ?? parent?.key?.name ?? "(anonymous)";
}
