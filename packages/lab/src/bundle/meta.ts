// What a file says of its own place: `import.meta.url` and its like name the source, not the bundle.
//
// A program reads the data beside it that way. A guest has this machine's files under their own
// paths, so the same place holds there.

import { readFile } from "node:fs/promises";
import { dirname } from "node:path";
import { pathToFileURL } from "node:url";
import type { OnLoadArgs, OnLoadResult, Plugin, PluginBuild } from "esbuild";

const MENTIONS = /\bimport\s*\.\s*meta\b/;

export const metaInPlace: Plugin = {
  name: "import.meta in place",
  setup(build) {
    build.onLoad({ filter: /\.[mc]?[jt]sx?$/, namespace: "file" }, ({ path }: OnLoadArgs) =>
      load(build, path),
    );
  },
};

async function load({ esbuild }: PluginBuild, path: string): Promise<OnLoadResult | undefined> {
  try {
    const source = await readFile(path, "utf8");
    if (!MENTIONS.test(source)) return undefined;
    return { contents: await compile(esbuild, path), loader: "js" };
  } catch {
    // What is wrong with the file is esbuild's to report, when it loads it itself.
    return undefined;
  }
}

/** Compiled on its own, since esbuild's `define` is for all files or one; the map leads back. */
async function compile(esbuild: PluginBuild["esbuild"], path: string): Promise<string> {
  const { outputFiles } = await esbuild.build({
    entryPoints: [path],
    // Beside the source, because the map's paths begin there; nothing is written.
    outfile: `${path}.bundled`,
    write: false,
    bundle: false,
    platform: "node",
    target: "esnext",
    sourcemap: "inline",
    logLevel: "silent",
    define: metaOf(path),
  });
  return outputFiles[0]?.text ?? "";
}

function metaOf(path: string): Record<string, string> {
  return {
    "import.meta.url": JSON.stringify(pathToFileURL(path).href),
    "import.meta.dirname": JSON.stringify(dirname(path)),
    "import.meta.filename": JSON.stringify(path),
  };
}
