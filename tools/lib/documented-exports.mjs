// Every name of a package's main entry has a doc comment where it is declared.
//
// Starts at the source file behind "." of the manifest's "exports" and follows re-exports inside
// the package. A name that comes from another package is documented there. A run of constants
// without a blank line between them shares the doc of its first.

import { dirname, join } from "node:path/posix";
import { parse, violation } from "./sources.mjs";

export function exportsWithoutDocs(files, manifests) {
  const byPath = new Map(files.map((file) => [file.path, file]));
  const declarations = new Map();
  for (const entry of manifests.flatMap(entryFiles))
    for (const found of resolveExports(byPath, entry, undefined))
      declarations.set(`${found.file.path} ${found.name}`, found);
  const all = [...declarations.values()];
  const violations = all
    .filter(({ file, node }) => !hasDoc(file, node))
    .map(({ file, node, name }) => violation(file, node.start, "undocumented-export", name));
  return { violations, documented: `${all.length - violations.length} of ${all.length}` };
}

function entryFiles({ path, text }) {
  const source = JSON.parse(text).exports?.["."]?.["@iommukit/source"];
  return source === undefined ? [] : [join(dirname(path), source)];
}

/** The declarations of `wanted`, or of every export of the file at `path`. */
function resolveExports(byPath, path, wanted) {
  const file = byPath.get(path);
  if (file === undefined) return [];
  return parse(file).program.body.flatMap((node) => {
    if (node.type === "ExportAllDeclaration") return follow(byPath, file, node, wanted);
    if (node.type !== "ExportNamedDeclaration") return [];
    if (node.declaration) return declared(file, node, wanted);
    return node.specifiers
      .filter((specifier) => wanted === undefined || specifier.exported.name === wanted)
      .flatMap((specifier) => specified(byPath, file, node, specifier.local.name));
  });
}

function follow(byPath, file, node, wanted) {
  if (!node.source.value.startsWith(".")) return [];
  return resolveExports(byPath, join(dirname(file.path), node.source.value), wanted);
}

function specified(byPath, file, node, name) {
  if (node.source) return follow(byPath, file, node, name);
  const local = parse(file).program.body.find((other) => namesOf(other).includes(name));
  return local === undefined ? [] : [{ file, node: local, name }];
}

function declared(file, node, wanted) {
  return namesOf(node.declaration)
    .filter((name) => wanted === undefined || name === wanted)
    .map((name) => ({ file, node, name }));
}

function namesOf(node) {
  if (node.type === "VariableDeclaration") return node.declarations.map(({ id }) => id.name);
  return node.id?.name === undefined ? [] : [node.id.name];
}

/** Overloads share the doc of the first, and a type and value of one name share one too. */
function hasDoc(file, node) {
  const { program, comments } = parse(file);
  const names = namesOf(node.declaration ?? node);
  return program.body
    .filter((other) => namesOf(other.declaration ?? other).some((name) => names.includes(name)))
    .some(
      (other) => comments.some((comment) => documents(file, comment, other)) || inRun(file, other),
    );
}

function inRun(file, node) {
  const { body } = parse(file).program;
  const before = body[body.indexOf(node) - 1];
  if (before === undefined || !isConstant(node) || !isConstant(before)) return false;
  return file.text.slice(before.end, node.start) === "\n" && hasDoc(file, before);
}

function isConstant(node) {
  return (node.declaration ?? node).type === "VariableDeclaration";
}

function documents(file, comment, node) {
  if (comment.type !== "Block" || !comment.value.startsWith("*") || comment.end > node.start)
    return false;
  return file.text.slice(comment.end, node.start).trim() === "";
}
