// What npm would publish of each package: how large it is, and that no test or cache is in it.

import { execFile } from "node:child_process";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { ROOT } from "./sources.mjs";

const run = promisify(execFile);
const NEVER_PACKED = /\.(test|test-d|bench)\.|\.tsbuildinfo$|(^|\/)test\//;

export async function packageSizes(manifests, limits) {
  const packed = await Promise.all(manifests.map(({ path }) => packedFiles(dirname(path))));
  return {
    violations: packed.flatMap((result) => checkPacked(result, limits)),
    notes: [
      `packed: ${packed.map(({ folder, size }) => `${folder} ${kilobytes(size)}`).join(", ")}`,
    ],
  };
}

async function packedFiles(folder) {
  const options = {
    cwd: join(ROOT, folder),
    env: { ...process.env, npm_config_loglevel: "error" },
  };
  const { stdout } = await run("npm", ["pack", "--dry-run", "--json", "--ignore-scripts"], options);
  const answer = JSON.parse(stdout);
  const [result] = Array.isArray(answer) ? answer : Object.values(answer);
  return {
    folder: folder.split("/").at(-1),
    size: result.size,
    files: result.files.map(({ path }) => path),
  };
}

/** Exported for its test. */
export function checkPacked({ folder, size, files }, limits) {
  const path = `packages/${folder}/package.json`;
  const limit = limits[folder] ?? limits.default;
  const unwanted = files.filter((name) => NEVER_PACKED.test(name));
  return [
    ...(size > limit
      ? [
          {
            path,
            line: 1,
            rule: "packed-size",
            message: `${kilobytes(size)}, limit ${kilobytes(limit)}`,
          },
        ]
      : []),
    ...unwanted.map((name) => ({
      path,
      line: 1,
      rule: "packed-files",
      message: `${name} would be published`,
    })),
  ];
}

function kilobytes(bytes) {
  return `${Math.round(bytes / 1000)} kB`;
}
