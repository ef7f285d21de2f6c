// Turns places in a bundle into places in the files that its author wrote.
//
// Done on the command's side, so that a guest need not read a source map.

import { SourceMap, type SourceMapPayload } from "node:module";
import { dirname, relative, resolve } from "node:path";
import { OWN_FOLDER } from "./own-files.ts";

export interface StackMap {
  /** Text with every place in the bundle replaced by the original's. */
  text(text: string): string;
  /** Where in the author's files a stack begins, if it touches them. */
  origin(stack: string): string | undefined;
}

export interface BundlePlace {
  /** Where the bundle was written to, as it appears in stacks. */
  readonly file: string;
  readonly map: string;
  /** The program's own file. */
  readonly program: string;
  /** Files below it are shown relative to it. */
  readonly folder: string;
}

export function createStackMap({ file: bundle, map, program, folder }: BundlePlace): StackMap {
  // cast: esbuild wrote it, in the format that it documents.
  const payload = JSON.parse(map) as SourceMapPayload;
  const places = new SourceMap(payload);
  const escaped = bundle.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  const place = new RegExp(`(?:file://)?${escaped}:(\\d+):(\\d+)`, "g");
  const original = (line: string, column: string): Place | undefined => {
    const entry = places.findEntry(Number(line) - 1, Number(column) - 1);
    if (!("originalSource" in entry)) return undefined;
    const file = resolve(dirname(bundle), entry.originalSource);
    return { file, line: entry.originalLine + 1, column: entry.originalColumn + 1 };
  };
  return {
    text: (text) =>
      text.replace(place, (all, line: string, column: string) =>
        show(original(line, column), folder, all),
      ),
    origin: (stack) => {
      const found = [...stack.matchAll(place)]
        .map(([, line = "", column = ""]) => original(line, column))
        .find((candidate) => candidate !== undefined && isAuthors(candidate.file, program));
      return found === undefined ? undefined : show(found, folder, "");
    },
  };
}

interface Place {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

function show(place: Place | undefined, folder: string, otherwise: string): string {
  if (place === undefined) return otherwise;
  const near = relative(folder, place.file);
  return `${near.startsWith("..") ? place.file : near}:${place.line}:${place.column}`;
}

/** The program and what lies beside it; neither an installed package nor one of this workspace. */
function isAuthors(file: string, program: string): boolean {
  if (file === program) return true;
  return !file.includes("/node_modules/") && !file.startsWith(dirname(dirname(OWN_FOLDER)));
}
