#!/usr/bin/env node
// Prints vectors/uapi: what four C compilers make of <linux/vfio.h>.
//
// usage: build.mjs [--check] [--headers ROOT]
//   --check         compare with the committed files and write nothing
//   --headers ROOT  an unpacked linux-libc-dev (ROOT/usr/include) instead of the installed headers
//
// Files go to vectors/uapi for the headers of Debian 12 (Linux 6.1) and to vectors/uapi-X.Y for
// others. Which header and compiler made a file is recorded in it and is not compared, since a
// point release changes both and must change no number.

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { compilerFor, records, TARGETS } from "./compile.mjs";
import { changedNames, differences } from "./completeness.mjs";
import { EXCLUDED } from "./exclusions.mjs";
import { vectorsOf } from "./vectors.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const HEADER = "#include <linux/vfio.h>\n";
const INCLUDED_BY_HEADER = "#include <linux/types.h>\n#include <linux/ioctl.h>\n";

function errnoProgram(compiler) {
  const names = [
    ...compiler.macros("#include <linux/errno.h>\n").matchAll(/^#define (E[A-Z0-9]+) /gm),
  ];
  const lines = names.map(([, name]) => `EMIT("errno ${name}", ${name});`);
  return `#include <linux/errno.h>\n#include "emit.h"\nvoid f(void) {\n${lines.join("\n")}\n}\n`;
}

function build(arch, headers) {
  const compiler = compilerFor(arch, headers);
  const vectors = vectorsOf(arch, compiler.version, [
    ...records(compiler.assembleFile(join(here, "vectors.c"))),
    ...records(compiler.assemble(errnoProgram(compiler), here)),
  ]);
  const header = {
    macros: compiler.macros(HEADER),
    baseMacros: compiler.macros(INCLUDED_BY_HEADER),
    text: compiler.text(HEADER),
  };
  const wrong = differences(header, vectors, EXCLUDED);
  if (wrong.length > 0) throw new Error(`${arch}: incomplete\n  ${wrong.join("\n  ")}`);
  return vectors;
}

function folderFor(linux) {
  const [major, minor] = linux.split(".");
  const suffix = `${major}.${minor}` === "6.1" ? "" : `-${major}.${minor}`;
  return join(here, "../../vectors", `uapi${suffix}`);
}

function summary({ ioctls, structs, constants, errno }) {
  const count = (record) => Object.keys(record).length;
  return `${count(ioctls)} ioctls, ${count(structs)} structs, ${count(constants)} constants, ${count(errno)} errnos`;
}

const { values: options } = parseArgs({
  options: { check: { type: "boolean", default: false }, headers: { type: "string" } },
});
let failed = false;
for (const arch of Object.keys(TARGETS)) {
  const vectors = build(arch, options.headers);
  const file = join(folderFor(vectors.header.linux), `${arch}.json`);
  if (options.check) {
    const changed = changedNames(JSON.parse(readFileSync(file, "utf8")), vectors);
    if (changed.length > 0) failed = true;
    const verdict = changed.length === 0 ? "same" : `DIFFERS from ${file}: ${changed.join(", ")}`;
    console.log(`${arch}: ${verdict} (Linux ${vectors.header.linux})`);
    continue;
  }
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `${JSON.stringify(vectors, null, 2)}\n`);
  console.log(`${arch}: ${summary(vectors)} (Linux ${vectors.header.linux})`);
}
if (failed) process.exitCode = 1;
