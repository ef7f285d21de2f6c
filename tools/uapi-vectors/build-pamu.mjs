#!/usr/bin/env node
// Prints vectors/fsl-pamu: what two big-endian C compilers make of pamu.c.
//
// usage: build-pamu.mjs [--check]
//   --check  compare with the committed files and write nothing

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { compilerFor, records } from "./compile.mjs";
import { changedNames } from "./completeness.mjs";
import { vectorsOf } from "./vectors.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const folder = join(here, "../../vectors/fsl-pamu");

/** The kernels that have the driver run on big-endian PowerPC only. */
const ARCHES = ["ppc64", "ppc32"];

function build(arch) {
  const compiler = compilerFor(arch, undefined);
  const printed = records(compiler.assembleFile(join(here, "pamu.c")));
  return vectorsOf(arch, compiler.version, printed);
}

function check(arch, file) {
  const changed = changedNames(JSON.parse(readFileSync(file, "utf8")), build(arch));
  if (changed.length > 0) process.exitCode = 1;
  console.log(`${arch}: ${changed.length === 0 ? "same" : `DIFFERS: ${changed.join(", ")}`}`);
}

function write(arch, file) {
  mkdirSync(folder, { recursive: true });
  writeFileSync(file, `${JSON.stringify(build(arch), null, 2)}\n`);
  console.log(`${arch}: written`);
}

const { values: options } = parseArgs({ options: { check: { type: "boolean", default: false } } });
for (const arch of ARCHES) {
  const file = join(folder, `${arch}.json`);
  if (options.check) check(arch, file);
  else write(arch, file);
}
