// Every way a TypeScript file can name another module, with whether it survives to run time.

import { parse, walk } from "./sources.mjs";

/** `{ specifier, typeOnly, offset }[]`; a computed `import()` has the specifier `undefined`. */
export function importsOf(file) {
  const found = [];
  walk(parse(file).program, (node) => {
    const source = moduleNamed(node);
    if (source === undefined) return;
    const specifier = typeof source.value === "string" ? source.value : undefined;
    found.push({ specifier, typeOnly: isErased(node), offset: node.start });
  });
  return found;
}

function moduleNamed(node) {
  switch (node.type) {
    case "ImportDeclaration":
    case "ExportNamedDeclaration":
    case "ExportAllDeclaration":
    case "ImportExpression":
    case "TSImportType":
      return node.source ?? undefined;
    case "TSExternalModuleReference":
      return node.expression;
    case "CallExpression":
      return node.callee.name === "require" ? (node.arguments[0] ?? {}) : undefined;
    default:
      return undefined;
  }
}

function isErased(node) {
  if (node.type === "TSImportType") return true;
  return node.importKind === "type" || node.exportKind === "type";
}
