// Holds what was printed against what the header has, and against what was committed.
//
// Every difference is named: a check that only says no is not worth running.

import { isDeepStrictEqual } from "node:util";
import { headerEnumerators, headerMacros, headerStructs } from "./header.mjs";

/**
 * @param {{ macros: string, baseMacros: string, text: string }} header preprocessor output
 * @param {{ ioctls: object, constants: object, structs: Record<string, { fields: object }> }} printed
 * @param {Readonly<Record<string, string>>} excluded names with the reason for each
 * @returns {string[]} one sentence for each name that is wrong; empty when complete
 */
export function differences(header, printed, excluded) {
  const expected = expectedNames(header);
  const actual = printedNames(printed);
  const left = new Set(Object.keys(excluded));
  return [
    ...[...expected].filter((name) => !actual.has(name) && !left.has(name)).map(missing),
    ...[...actual].filter((name) => !expected.has(name)).map(unknown),
    ...[...left].filter((name) => !expected.has(name)).map(stale),
    ...[...left].filter((name) => actual.has(name)).map(contradicted),
  ];
}

const missing = (name) => `the header has ${name}, and vectors.c does not print it`;
const unknown = (name) => `vectors.c prints ${name}, and the header's text does not show it`;
const stale = (name) => `exclusions.mjs excuses ${name}, which the header does not have`;
const contradicted = (name) => `exclusions.mjs excuses ${name}, which vectors.c prints`;

function expectedNames({ macros, baseMacros, text }) {
  const names = new Set(headerEnumerators(text, "VFIO_").map((name) => `constant ${name}`));
  for (const { name, kind } of headerMacros(macros, baseMacros))
    names.add(kind === "ioctl" ? `ioctl ${name}` : `constant ${name}`);
  for (const [struct, fields] of headerStructs(text, "vfio_")) {
    names.add(`struct ${struct}`);
    for (const field of fields) names.add(`struct ${struct}.${field}`);
  }
  return names;
}

function printedNames({ ioctls, constants, structs }) {
  const names = new Set();
  for (const name of Object.keys(ioctls)) names.add(`ioctl ${name}`);
  for (const name of Object.keys(constants)) names.add(`constant ${name}`);
  for (const [struct, { fields }] of Object.entries(structs)) {
    names.add(`struct ${struct}`);
    for (const field of Object.keys(fields)) names.add(`struct ${struct}.${field}`);
  }
  return names;
}

const COMPARED = ["abi", "ioctls", "structs", "constants", "errno"];

/** Names whose value differs, or which only one side has. The order of names means nothing. */
export function changedNames(before, after) {
  return COMPARED.flatMap((part) => {
    const names = new Set([...Object.keys(before[part] ?? {}), ...Object.keys(after[part] ?? {})]);
    return [...names]
      .filter((name) => !isDeepStrictEqual(before[part]?.[name], after[part]?.[name]))
      .map((name) => `${part}.${name}`);
  });
}
