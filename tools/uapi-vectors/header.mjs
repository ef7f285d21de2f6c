// Reads from the preprocessed header which names it has; never what their values are.
//
// This is the list that the C program is held to: a name that the header has and the program does
// not print stops the build. Values come from the compiler only.

/**
 * Macros of one header: those that appear with it and not without it.
 * @param {string} withHeader `gcc -E -dM` of the header
 * @param {string} without `gcc -E -dM` of what the header includes
 * @returns {{ name: string, kind: "function-like" | "empty" | "ioctl" | "string" | "constant" }[]}
 */
export function headerMacros(withHeader, without) {
  const known = new Set(macros(without).map(({ name }) => name));
  return macros(withHeader).filter(({ name }) => !known.has(name));
}

function macros(text) {
  const found = text.matchAll(/^#define (\w+)(\([^)]*\))?(?: (.*))?$/gm);
  return [...found].map(([, name, parameters, body]) => ({
    name,
    kind: macroKind(parameters, body ?? ""),
  }));
}

function macroKind(parameters, body) {
  if (parameters !== undefined) return "function-like";
  if (body === "") return "empty";
  if (/^_IO[RW]{0,2}\(/.test(body)) return "ioctl";
  return body.startsWith('"') ? "string" : "constant";
}

/** Members of every enum in preprocessed text that begin with a prefix. */
export function headerEnumerators(text, prefix) {
  return [...text.matchAll(/\benum\b\s*\w*\s*\{([^}]*)\}/g)]
    .flatMap(([, body]) => body.split(",").map((entry) => entry.split("=")[0].trim()))
    .filter((name) => name.startsWith(prefix));
}

/**
 * Structs named with a prefix, with the names of all their fields, members of unions included.
 * @returns {Map<string, string[]>}
 */
export function headerStructs(text, prefix) {
  const structs = new Map();
  for (const match of text.matchAll(new RegExp(`\\bstruct (${prefix}\\w+)\\s*\\{`, "g"))) {
    const start = match.index + match[0].length;
    structs.set(match[1], fieldNames(text.slice(start, closingBrace(text, start))));
  }
  return structs;
}

/** `start` is just behind the opening brace. */
function closingBrace(text, start) {
  let depth = 1;
  for (let at = start; at < text.length; at++) {
    if (text[at] === "{") depth++;
    if (text[at] === "}") depth--;
    if (depth === 0) return at;
  }
  throw new Error("a struct without an end");
}

function fieldNames(body) {
  // Anonymous unions and structs give their members to the struct around them.
  const flat = body.replace(/\b(?:union|struct)\s*\{/g, " ").replace(/\}\s*;/g, " ");
  return flat
    .split(";")
    .map((declaration) => declaration.replace(/__attribute__\s*\(\(.*?\)\)\)?/g, "").trim())
    .filter((declaration) => declaration !== "")
    .flatMap((declaration) => declaration.split(",").map(declaredName));
}

function declaredName(declarator) {
  const name = /(\w+)\s*(?:\[[^\]]*\]|:\s*\d+)?\s*$/.exec(declarator)?.[1];
  if (name === undefined) throw new Error(`no field name in: ${declarator}`);
  return name;
}
