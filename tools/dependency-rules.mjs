// Holds the direction of knowledge between packages that tools/lib/layers.mjs states.
//
// dependency-cruiser 18 cannot read these sources: it wants TypeScript below 7, without it sees no
// .ts file and reports success, and through swc it stops at `using`. So the rules are held here, over
// oxc-parser, and tools/test/dependency-rules.test.mjs seeds a violation of every one of them.

import { dirname, join } from "node:path/posix";
import { importCycles, reachable } from "./lib/import-graph.mjs";
import { importsOf } from "./lib/imports.mjs";
import {
  EVERYTHING,
  LAYERS,
  MACHINE_LAYERS,
  ROOM_OF,
  SIMULATED_MACHINE,
  TEST_TOOLS,
  TYPES_OF_CORE,
} from "./lib/layers.mjs";
import { isMain, report } from "./lib/report.mjs";
import { isTest, listFiles, readCode, readFiles, violation } from "./lib/sources.mjs";

/** `manifests` are the packages' package.json, each with its `folder`. */
export function checkDependencies(files, manifests) {
  const code = files.filter((file) => file.path.startsWith("packages/"));
  const edges = code.flatMap((file) => importsOf(file).map((found) => edge(file, found)));
  const { runTime, typeOnly } = importCycles(edges.filter((found) => found.target));
  return {
    violations: [
      ...edges.flatMap((found) => broken(found, manifests)),
      ...machineLeaks(edges),
      ...runTime.map((loop) => cycleViolation(code, loop)),
      ...manifests.flatMap(undeclaredLayer),
    ],
    notes: typeOnly.map((loop) => `type-only import cycle: ${loop.join(" → ")}`),
    edges: edges.length,
  };
}

function edge(file, found) {
  const relative = found.specifier?.startsWith(".");
  const target = relative ? join(dirname(file.path), found.specifier) : undefined;
  return { ...found, file, target, from: file.path.split("/")[1] };
}

function broken(found, manifests) {
  const rules = [computedImport, leavesPackage, foreignRoom, wrongLayer, nodeModule, npmModule];
  const breaks = rules.map((rule) => rule(found)).filter((message) => message !== undefined);
  const entry = unknownEntry(found, manifests);
  return [...breaks, ...(entry ? [entry] : [])].map(([rule, message]) =>
    violation(found.file, found.offset, rule, message),
  );
}

function computedImport({ specifier, from }) {
  if (specifier !== undefined || from === "lab") return undefined;
  return ["literal-imports", "a module's name must be a literal"];
}

function leavesPackage({ target, from, file }) {
  if (target === undefined || target.startsWith(`packages/${from}/`)) return undefined;
  if (isTest(file.path) && /^(vectors|tools\/vitest)\//.test(target)) return undefined;
  return ["stay-in-package", `${target} is outside packages/${from}; import the package by name`];
}

function foreignRoom({ specifier, file }) {
  const room = ROOM_OF[specifier];
  const alsoTests = specifier !== "koffi" && isTest(file.path);
  if (room === undefined || room.test(file.path) || alsoTests) return undefined;
  return [`${specifier}-room`, `only ${room.source} may import ${specifier}`];
}

function wrongLayer({ specifier, from, file }) {
  const wanted = specifier?.match(/^@iommukit\/([^/]+)/)?.[1];
  const layer = LAYERS[from];
  if (wanted === undefined || layer === undefined) return undefined;
  if (wanted === "lab") return ["nobody-imports-lab", `${from} may not import ${specifier}`];
  const allowed = [from, ...layer.packages, ...(isTest(file.path) ? ["core", "testkit"] : [])];
  if (layer.packages === EVERYTHING || allowed.includes(wanted)) return undefined;
  return ["direction", `${from} may not import ${specifier}`];
}

function nodeModule({ specifier, from, file }) {
  if (!specifier?.startsWith("node:") || LAYERS[from]?.node !== false) return undefined;
  return isTest(file.path) ? undefined : ["no-node", `${from} may not import ${specifier}`];
}

function npmModule({ specifier, from, file }) {
  if (specifier === undefined || /^(\.|node:|@iommukit\/)/.test(specifier)) return undefined;
  const allowed = LAYERS[from]?.npm ?? EVERYTHING;
  const name = specifier.match(/^(@[^/]+\/)?[^/]+/)?.[0];
  if (allowed === EVERYTHING || allowed.includes(name)) return undefined;
  if (isTest(file.path) && [...TEST_TOOLS, "ts-pattern"].includes(name)) return undefined;
  return ["npm-modules", `${from} may not import ${specifier}`];
}

function unknownEntry({ specifier }, manifests) {
  const [, name, rest] = specifier?.match(/^(@iommukit\/[^/]+)(.*)$/) ?? [];
  const manifest = manifests.find((candidate) => candidate.name === name);
  if (name === undefined || manifest?.exports?.[`.${rest}`] !== undefined) return undefined;
  return ["no-deep-imports", `${specifier} is no entry point of ${name}'s "exports"`];
}

function machineLeaks(edges) {
  const roots = edges
    .map((found) => found.file.path)
    .filter((path) => SIMULATED_MACHINE.test(path));
  const machine = reachable(roots, edges);
  return edges
    .filter((found) => machine.has(found.file.path) && !isTest(found.file.path))
    .flatMap((found) => [...sharedTable(found), ...machineLayer(found)]);
}

function sharedTable(found) {
  if (!found.specifier?.startsWith("@iommukit/core")) return [];
  if (found.typeOnly && TYPES_OF_CORE.has(found.specifier)) return [];
  const message = `the simulated machine may import only types of ${[...TYPES_OF_CORE].join(" and ")}`;
  return [violation(found.file, found.offset, "own-decoders", message)];
}

function machineLayer(found) {
  if (found.target === undefined || found.typeOnly) return [];
  return MACHINE_LAYERS.filter(
    ({ from, to }) => from.test(found.file.path) && to.test(found.target),
  ).map(({ why }) =>
    violation(found.file, found.offset, "machine-layers", `${found.target}: ${why}`),
  );
}

function cycleViolation(code, loop) {
  const file = code.find((candidate) => candidate.path === loop[0]);
  return violation(file, 0, "no-cycles", loop.join(" → "));
}

function undeclaredLayer({ folder, dependencies = {}, peerDependencies = {} }) {
  const at = { path: `packages/${folder}/package.json`, text: "" };
  const layer = LAYERS[folder];
  if (layer === undefined)
    return [violation(at, 0, "declared-layer", `give ${folder} a layer in tools/lib/layers.mjs`)];
  if (layer.npm === EVERYTHING) return [];
  const allowed = [...layer.npm, ...layer.packages.map((name) => `@iommukit/${name}`)];
  return Object.keys({ ...dependencies, ...peerDependencies })
    .filter((name) => !allowed.includes(name))
    .map((name) => violation(at, 0, "manifest", `${folder} may not depend on ${name}`));
}

function readManifests() {
  const paths = listFiles((path) => /^packages\/[^/]+\/package\.json$/.test(path));
  return readFiles(paths).map(({ path, text }) => ({
    ...JSON.parse(text),
    folder: path.split("/")[1],
  }));
}

if (isMain(import.meta.url)) {
  const files = readCode();
  const { violations, notes, edges } = checkDependencies(files, readManifests());
  report({ violations, notes, summary: `${edges} imports of ${files.length} files` });
}
