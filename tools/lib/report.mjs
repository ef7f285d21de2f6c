// How every tool ends: violations one a line, notes, then one line of summary.

import { argv } from "node:process";
import { pathToFileURL } from "node:url";

/** Prints what was found and sets the exit status; the last line is the gate's summary. */
export function report({ violations, notes = [], summary }) {
  for (const { path, line, rule, message } of violations)
    console.log(`${path}:${line}: ${rule}: ${message}`);
  for (const note of notes) console.log(`note: ${note}`);
  console.log(`${summary}; ${violations.length} violation${violations.length === 1 ? "" : "s"}`);
  if (violations.length > 0) process.exitCode = 1;
}

/** Is this module the program that node was asked to run? */
export function isMain(moduleUrl) {
  return argv[1] !== undefined && moduleUrl === pathToFileURL(argv[1]).href;
}
