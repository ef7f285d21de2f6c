// Where this package's own files are, built or from source.
//
// Paths are made from this file's, so that the command works from a checkout, from an installation,
// and from its sources under a test runner.

import { fileURLToPath } from "node:url";

/** `.ts` when the sources are run as they are, `.js` when they were built. */
const EXTENSION: string = import.meta.url.endsWith(".ts") ? ".ts" : ".js";

export const RUNS_FROM_SOURCE: boolean = EXTENSION === ".ts";

/** The folder that holds this package's modules. */
export const OWN_FOLDER: string = fileURLToPath(new URL("..", import.meta.url));

/** A module of this package by its path without extension, such as `runner/linux`. */
export function ownModule(name: string): string {
  return fileURLToPath(new URL(`../${name}${EXTENSION}`, import.meta.url));
}
