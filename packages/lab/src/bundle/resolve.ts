// How imports of a program are found: one copy of each package, native code where it lies.

import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import type { OnResolveArgs, OnResolveResult, Plugin, PluginBuild } from "esbuild";
import { OWN_FOLDER } from "./own-files.ts";

/**
 * `@iommukit/*` comes from where the program finds it, else from this command's own installation;
 * never both: an error of one copy is no `IommuError` to the other.
 */
export function onePackageOfEach(file: string): Plugin {
  return {
    name: "one package of each",
    setup(build) {
      build.onResolve({ filter: /^@iommukit\// }, (args) =>
        resolvePackage(build, args, dirname(file)),
      );
    },
  };
}

/** Marks our own question to esbuild, which comes back to the same plugin. */
const ASKED = Symbol("asked");

async function resolvePackage(
  build: PluginBuild,
  args: OnResolveArgs,
  programFolder: string,
): Promise<OnResolveResult | undefined> {
  if (args.pluginData === ASKED) return undefined;
  for (const resolveDir of [programFolder, OWN_FOLDER]) {
    const found = await build.resolve(args.path, {
      kind: args.kind,
      resolveDir,
      pluginData: ASKED,
    });
    if (found.errors.length === 0) return found;
  }
  return undefined;
}

const NATIVE = "native";

/**
 * koffi picks its native library from beside its own file, so it is loaded from there. Each file
 * that is loaded so is added to `found`.
 *
 * By `require`: to import it, Node first searches its text for exports, 0.5 s in an emulated machine.
 */
export function nativeInPlace(found: Set<string>): Plugin {
  return {
    name: "native code in place",
    setup(build) {
      build.onResolve({ filter: /^koffi$/ }, ({ path, resolveDir }) => {
        const file = createRequire(join(resolveDir, "importer.js")).resolve(path);
        found.add(file);
        return { path: file, namespace: NATIVE };
      });
      build.onLoad({ filter: /./, namespace: NATIVE }, ({ path }) => ({
        contents: `module.exports = require(${JSON.stringify(path)});`,
      }));
      build.onResolve({ filter: /./, namespace: NATIVE }, ({ path }) => ({ path, external: true }));
    },
  };
}
