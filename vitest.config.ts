// Tests of the packages, of integration/ and of the tools, from source.
//
// Type tests (`*.test-d.ts`) are no run of vitest: `tsc -b` compiles them through tsconfig.dev.json,
// where an `@ts-expect-error` that expects nothing is an error.

import { availableParallelism } from "node:os";
import { defaultExclude, defineConfig } from "vitest/config";
import { LongFirst } from "./tools/vitest/long-first.ts";

const conditions = ["@iommukit/source", "module", "node", "development|production"];

/** Lines and branches, in percent; held by `vitest run --coverage`. */
const COVERAGE_FLOOR = { lines: 98, branches: 95 };
/** Packages that are held to it: all of them, or those that a run of some packages names. */
const HELD = ["core", "type1-x86", "spapr-tce", "fsl-pamu"];
const named = process.argv
  .filter((word) => word.startsWith("packages/"))
  .map((word) => word.split("/")[1] ?? "");
const held = HELD.filter((name) => named.length === 0 || named.includes(name));

/** What else those runs load need not be looked at: 6 s of 38. */
const covered = named.length === 0 ? ["*"] : named;

const TESTS = [
  "packages/*/{src,test}/**/*.test.ts",
  "integration/**/*.test.ts",
  "tools/**/*.test.{ts,mjs}",
];
/**
 * Tests that count what their process did: open descriptors, bytes read. Beside threads, where a worker that ends
 * closes four, a leak and a neighbour's end look alike.
 */
const COUNT_IN_PROCESS = [
  "packages/host-linux/src/{event-wait,kernel-port}.test.ts",
  "packages/lab/src/other-process/other-process.test.ts",
  "packages/lab/src/qemu/sealed-files.test.ts",
];

/** vitest 5.1 hands `--exclude` to no project; `exclude` here is inherited by both. */
const excluded = process.argv.flatMap((word, at) => {
  if (word.startsWith("--exclude=")) return [word.slice("--exclude=".length)];
  return word === "--exclude" ? [process.argv[at + 1] ?? ""] : [];
});

const isShuffled = process.argv.some((word) => word.startsWith("--sequence.shuffle"));

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    // By default vitest leaves one processor idle: of two, half.
    maxWorkers: availableParallelism(),
    // A sequencer that is set would undo --sequence.shuffle.
    ...(isShuffled ? {} : { sequence: { sequencer: LongFirst } }),
    // Generated histories take seconds; beside ten busy processes on two cores they took a minute.
    testTimeout: 240_000,
    exclude: [...defaultExclude, ...excluded],
    projects: [
      {
        extends: true,
        test: { name: "threads", pool: "threads", include: TESTS, exclude: COUNT_IN_PROCESS },
      },
      { extends: true, test: { name: "processes", pool: "forks", include: COUNT_IN_PROCESS } },
    ],
    globalSetup: "tools/vitest/choose-seed.ts",
    setupFiles: "tools/vitest/use-seed.ts",
    coverage: {
      provider: "v8",
      reportOnFailure: true,
      include: covered.map((name) => `packages/${name}/src/**/*.ts`),
      exclude: ["**/*.test.ts", "**/*.test-d.ts", "**/*.bench.ts"],
      reporter: ["text-summary", "json-summary"],
      thresholds: Object.fromEntries(
        held.map((name) => [`packages/${name}/src/**`, COVERAGE_FLOOR]),
      ),
    },
  },
});
