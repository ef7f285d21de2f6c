// Loads the library with one line of it changed, and everything that uses it along with it.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { ExtensionKey, IommuBackend } from "@iommukit/core";
import type { hunt as Hunt, PamuControls, SourceEdit } from "@iommukit/testkit/mutants";
import { createViteServer } from "vitest/node";

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

const CONDITIONS = ["@iommukit/source", "module", "node", "development|production"];

export async function createWorkshop(root: string): Promise<Workshop> {
  let current: SourceEdit | undefined;
  const server = await createViteServer({
    root,
    configFile: false,
    logLevel: "silent",
    appType: "custom",
    server: { middlewareMode: true, hmr: false, ws: false, watch: null },
    optimizeDeps: { noDiscovery: true },
    resolve: { conditions: CONDITIONS },
    ssr: { resolve: { conditions: CONDITIONS } },
    plugins: [
      {
        name: "one-line-changed",
        enforce: "pre",
        transform: (code: string, id: string) =>
          current !== undefined && id === join(root, current.file)
            ? changed(code, current)
            : undefined,
      },
    ],
  });
  const modules = new Map<SourceEdit | undefined, Loaded>();
  return {
    async load(edit) {
      const known = modules.get(edit);
      if (known !== undefined) return known;
      if (edit !== undefined) changed(readFileSync(join(root, edit.file), "utf8"), edit);
      current = edit;
      server.moduleGraph.invalidateAll();
      const loaded = {
        ...(await server.ssrLoadModule("/packages/testkit/src/mutants/index.ts")),
        ...(await server.ssrLoadModule("/packages/type1-x86/src/index.ts")),
        ...(await server.ssrLoadModule("/packages/fsl-pamu/src/index.ts")),
        ...(await server.ssrLoadModule("/packages/spapr-tce/src/index.ts")),
      };
      // cast: the module runner types no exports; these are the entries named above
      const both = loaded as unknown as Loaded;
      modules.set(edit, both);
      return both;
    },
    close: () => server.close(),
  };
}

/** The line must be there exactly once: a mutant whose line is gone tests nothing. */
function changed(code: string, { file, find, replace }: SourceEdit): string {
  const parts = code.split(find);
  if (parts.length !== 2)
    throw new Error(`${file} has ${parts.length - 1} times, not once: ${find}`);
  return parts.join(replace);
}
