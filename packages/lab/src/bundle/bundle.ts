// Makes one file of a program, its runner and everything they import, for any Node from 20 on.
//
// A guest reads files slowly, so it gets one. Must never run any of the program.

import { access, constants, stat } from "node:fs/promises";
import { extname, resolve } from "node:path";
import {
  type BuildFailure,
  type BuildOptions,
  type BuildResult,
  build,
  type Message,
} from "esbuild";
import { errnoOf, LabError, reportOf } from "../errors.ts";
import { metaInPlace } from "./meta.ts";
import { OWN_FOLDER, ownModule, RUNS_FROM_SOURCE } from "./own-files.ts";
import { nativeInPlace, onePackageOfEach } from "./resolve.ts";

/** Which world the runner opens. */
export type RunnerKind = "sim" | "linux";

export interface Bundle {
  readonly code: string;
  /** A source map, as JSON; its sources are relative to the folder that `code` is written to. */
  readonly map: string;
  /** The files of koffi that it loads from where they lie; one for each copy of it. */
  readonly koffi: readonly string[];
}

const START: Readonly<Record<RunnerKind, { readonly module: string; readonly name: string }>> = {
  sim: { module: "runner/sim", name: "startSimulated" },
  linux: { module: "runner/linux", name: "startOnLinux" },
};

const KINDS = [".ts", ".mts", ".mjs"];

/**
 * What can be said about a program file without a target.
 *
 * Valid errors: `file-unreadable`, `file-kind`, `file-invalid`, `no-default-export`.
 */
export async function checkProgram(file: string): Promise<string> {
  const path = resolve(file);
  await checkReadable(file, path);
  if (!KINDS.includes(extname(path)))
    throw new LabError("file-kind", `${file} is not a program file`, {
      hint: `a program is one of ${KINDS.join(", ")}`,
    });
  const { metafile } = await attempt({
    entryPoints: [path],
    outdir: ".",
    bundle: false,
    metafile: true,
  });
  const output = Object.values(metafile?.outputs ?? {}).find((entry) => entry.entryPoint);
  if (output?.exports.includes("default")) return path;
  throw new LabError("no-default-export", `${file} has no default export`, {
    hint: "export default function (host) { … }",
  });
}

/** Valid errors: `file-invalid`. */
export async function bundleProgram(
  file: string,
  kind: RunnerKind,
  outfile: string,
): Promise<Bundle> {
  const koffi = new Set<string>();
  const { outputFiles = [] } = await attempt({
    stdin: { contents: entry(file, kind), resolveDir: OWN_FOLDER, sourcefile: "iommukit-entry.js" },
    bundle: true,
    sourcemap: "external",
    outfile,
    plugins: [onePackageOfEach(file), nativeInPlace(koffi), metaInPlace],
    ...(RUNS_FROM_SOURCE && { conditions: ["@iommukit/source"] }),
    // Packages of the CommonJS kind ask for Node's modules by `require`, which an ES module has not.
    banner: {
      js: 'import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);',
    },
  });
  const text = (end: string): string =>
    outputFiles.find(({ path }) => path.endsWith(end))?.text ?? "";
  return { code: text(".mjs"), map: text(".map"), koffi: [...koffi] };
}

/** The program is imported late, so that the runner is there to report what its first lines throw. */
function entry(file: string, kind: RunnerKind): string {
  const { module, name } = START[kind];
  return [
    `import { ${name} } from ${JSON.stringify(ownModule(module))};`,
    `${name}(() => import(${JSON.stringify(file)}));`,
  ].join("\n");
}

async function attempt(options: BuildOptions): Promise<BuildResult> {
  try {
    return await build({
      ...options,
      write: false,
      platform: "node",
      format: "esm",
      target: "node20",
      logLevel: "silent",
    });
  } catch (error) {
    throw invalid(error);
  }
}

async function checkReadable(file: string, path: string): Promise<void> {
  try {
    if (!(await stat(path)).isFile()) throw new Error("it is not a file");
    await access(path, constants.R_OK);
  } catch (cause) {
    throw new LabError(
      "file-unreadable",
      `${file} cannot be read: ${errnoOf(cause) ?? "it is not a file"}`,
      {
        hint: "FILE is the path of a program, such as examples/02-map-and-copy/map-and-copy.ts",
        cause,
      },
    );
  }
}

function invalid(failure: unknown): LabError {
  const errors = isBuildFailure(failure) ? failure.errors : [];
  if (errors.length === 0)
    return new LabError("file-invalid", reportOf(failure).message, { cause: failure });
  const more = errors.length > 3 ? [`… and ${errors.length - 3} more`] : [];
  return new LabError(
    "file-invalid",
    ["the program does not compile", ...errors.slice(0, 3).map(place), ...more].join("\n  "),
    { hint: errors.some(isUnresolved) ? "install what the program imports beside it" : undefined },
  );
}

function isBuildFailure(failure: unknown): failure is BuildFailure {
  return failure instanceof Error && "errors" in failure && Array.isArray(failure.errors);
}

function place({ location, text }: Message): string {
  if (location === null) return text;
  const { file, line, column } = location;
  return `${file.startsWith("..") ? resolve(file) : file}:${line}:${column + 1}: ${text}`;
}

function isUnresolved({ text }: Message): boolean {
  return text.startsWith("Could not resolve");
}
