// Loads the library with one line of it changed, and everything that uses it along with it.
//
// Each mutant is a bundle: esbuild writes one in 0.4 s, where vite's server took 3.6 s to load the same modules
// again, and 104 mutants are edits of the source. The bundle has a fast-check of its own, without the settings
// of tools/vitest/use-seed.ts: a hunt brings its seed along.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { compileFunction } from "node:vm";
import type { ExtensionKey, IommuBackend } from "@iommukit/core";
import type { hunt as Hunt, PamuControls, SourceEdit } from "@iommukit/testkit/mutants";
import { context, type Plugin } from "esbuild";

export interface Loaded {
  readonly hunt: typeof Hunt;
  readonly type1: () => IommuBackend;
  readonly spaprTce: () => IommuBackend;
  readonly fslPamu: (options: { readonly type: 7 }) => IommuBackend;
  readonly PAMU: ExtensionKey<PamuControls>;
}

export interface Workshop {
  load(edit: SourceEdit | undefined): Promise<Loaded>;
  close(): Promise<void>;
}

const ENTRIES = [
  "@iommukit/testkit/mutants",
  "@iommukit/type1-x86",
  "@iommukit/fsl-pamu",
  "@iommukit/spapr-tce",
];

const requireBuiltin = createRequire(import.meta.url);

export async function createWorkshop(root: string): Promise<Workshop> {
  const change: Change = { edit: undefined, made: false };
  const bundler = await context({
    stdin: {
      contents: ENTRIES.map((entry) => `export * from "${entry}";`).join("\n"),
      resolveDir: root,
    },
    bundle: true,
    platform: "node",
    format: "cjs",
    conditions: ["@iommukit/source"],
    write: false,
    logLevel: "silent",
    plugins: [oneLineChanged(root, change)],
  });
  const load = async (edit: SourceEdit | undefined): Promise<Loaded> => {
    change.edit = edit;
    change.made = false;
    const [output] = (await bundler.rebuild()).outputFiles;
    if (output === undefined) throw new Error("esbuild wrote no bundle");
    if (edit !== undefined && !change.made) throw new Error(`${edit.file} is in no bundle`);
    return evaluated(
      output.text,
      edit === undefined ? "the library as it is" : `a mutant of ${edit.file}`,
    );
  };
  let asItIs: Loaded | undefined;
  return {
    async load(edit) {
      if (edit !== undefined) return load(edit);
      asItIs ??= await load(undefined);
      return asItIs;
    },
    close: () => bundler.dispose(),
  };
}

/**
 * Not `import()` or `require()`: both keep what they loaded for ever, and with a hundred copies alive a hunt took
 * three times as long.
 */
function evaluated(bundle: string, filename: string): Loaded {
  const module: { exports: unknown } = { exports: {} };
  compileFunction(bundle, ["module", "require"], { filename })(module, requireBuiltin);
  // cast: esbuild types no exports; these are those of the entries above
  return module.exports as Loaded;
}

/** What the next bundle is to differ in, and whether its file was met on the way. */
interface Change {
  edit: SourceEdit | undefined;
  made: boolean;
}

function oneLineChanged(root: string, change: Change): Plugin {
  return {
    name: "one-line-changed",
    setup: ({ onLoad }) =>
      onLoad({ filter: /\.ts$/ }, ({ path }) => {
        const { edit } = change;
        if (edit === undefined || path !== join(root, edit.file)) return undefined;
        change.made = true;
        return { contents: changed(readFileSync(path, "utf8"), edit), loader: "ts" };
      }),
  };
}

/** The line must be there exactly once: a mutant whose line is gone tests nothing. */
function changed(code: string, { file, find, replace }: SourceEdit): string {
  const parts = code.split(find);
  if (parts.length !== 2)
    throw new Error(`${file} has ${parts.length - 1} times, not once: ${find}`);
  return parts.join(replace);
}
