// Sizes that keep files readable: length of files and functions, tests per source line, documented
// exports. STYLE's targets are printed beside what was measured; the limits below are held.

import { exportsWithoutDocs } from "./lib/documented-exports.mjs";
import { longFunctions, measureFunctions } from "./lib/functions.mjs";
import { packageSizes } from "./lib/packed-size.mjs";
import { isMain, report } from "./lib/report.mjs";
import { isTest, listFiles, quantile, readCode, readFiles } from "./lib/sources.mjs";

/** Every limit, in this one place. Raise a limit only with the reason beside it. */
export const LIMITS = {
  fileLines: 400,
  functionLines: 60,
  functionLinesP90: 30,
  shareOver50: 0.02,
  /** STYLE aims at 1.5; this is the floor that holds today, to be raised as the suites grow. */
  testsPerSourceLine: 0.4,
  /**
   * Bytes of the .tgz. A growth to notice, not a promise to users. testkit carries three families of hardware and
   * their kernels (1.13 MB), with laws, mutants and the kernels' cases for its users' own backends; lab the
   * differential run, recorder, benchmarks and planners (430 kB).
   */
  packedBytes: { default: 300_000, testkit: 1_250_000, lab: 480_000 },
};
/** Tests that testkit exports: they count as tests of this repository too, which runs them all. */
const EXPORTED_TESTS =
  /^packages\/testkit\/src\/(arbitraries|cases|conformance|fuzz|laws|model|mutants|sweep)\//;
const TARGETS = { fileMedian: 110, fileP90: 250, functionMedian: 8, testsPerSourceLine: 1.5 };
/** Below this many functions a share of 2 % is less than one function. */
const FUNCTIONS_FOR_SHARES = 50;

export function checkBudgets(files, limits = LIMITS) {
  const sizes = files.map((file) => ({ path: file.path, lines: countLines(file.text) }));
  const sources = sizes.filter(({ path }) => !isTest(path));
  const functions = files.flatMap(measureFunctions);
  const ratio = testRatio(sizes);
  return {
    violations: [
      ...sizes
        .filter(({ lines }) => lines > limits.fileLines)
        .map((size) => longFile(size, limits)),
      ...longFunctions(functions, limits),
      ...shares(
        functions.filter(({ path }) => !isTest(path)),
        limits,
      ),
      ...(ratio < limits.testsPerSourceLine ? [tooFewTests(ratio, limits)] : []),
    ],
    notes: figures(sources, functions, ratio),
  };
}

function countLines(text) {
  return text.split("\n").length - (text.endsWith("\n") ? 1 : 0);
}

/** Lines of tests for each line of source, over the packages. */
function testRatio(sizes) {
  const inPackages = sizes.filter(({ path }) => /^(packages|integration)\//.test(path));
  const lines = (tests) =>
    inPackages
      .filter(({ path }) => (isTest(path) || EXPORTED_TESTS.test(path)) === tests)
      .reduce((sum, size) => sum + size.lines, 0);
  return lines(false) === 0 ? 0 : lines(true) / lines(false);
}

function longFile({ path, lines }, { fileLines }) {
  return {
    path,
    line: fileLines,
    rule: "file-length",
    message: `${lines} lines, limit ${fileLines}`,
  };
}

function tooFewTests(ratio, { testsPerSourceLine }) {
  const message = `${ratio.toFixed(2)} lines of test for a line of source, floor ${testsPerSourceLine}`;
  return { path: "packages", line: 1, rule: "tests-per-source-line", message };
}

function shares(functions, limits) {
  if (functions.length < FUNCTIONS_FOR_SHARES) return [];
  const lengths = functions.map(({ lines }) => lines);
  const p90 = quantile(lengths, 0.9);
  const over = lengths.filter((lines) => lines > 50).length / lengths.length;
  const broken = (rule, message) => ({ path: "packages", line: 1, rule, message });
  return [
    ...(p90 > limits.functionLinesP90
      ? [broken("function-p90", `${p90} lines, limit ${limits.functionLinesP90}`)]
      : []),
    ...(over > limits.shareOver50
      ? [broken("functions-over-50", `${percent(over)}, limit ${percent(limits.shareOver50)}`)]
      : []),
  ];
}

function figures(sources, functions, ratio) {
  const files = sources.map(({ lines }) => lines);
  const bodies = functions.filter(({ path }) => !isTest(path)).map(({ lines }) => lines);
  const at = (numbers) => [0.5, 0.9, 1].map((q) => quantile(numbers, q)).join(" / ");
  const over = bodies.filter((lines) => lines > 50).length / Math.max(1, bodies.length);
  return [
    `source files, lines: ${at(files)} (aim ${TARGETS.fileMedian} / ${TARGETS.fileP90} / ${LIMITS.fileLines})`,
    `functions, lines: ${at(bodies)} (aim ${TARGETS.functionMedian} / ${LIMITS.functionLinesP90} / ${LIMITS.functionLines}), ${percent(over)} over 50`,
    `test ÷ source lines: ${ratio.toFixed(2)} (aim ${TARGETS.testsPerSourceLine}, floor ${LIMITS.testsPerSourceLine})`,
  ];
}

function percent(share) {
  return `${(100 * share).toFixed(1)} %`;
}

async function main() {
  const files = readCode();
  const { violations, notes } = checkBudgets(files);
  const manifests = readFiles(listFiles((path) => /^packages\/[^/]+\/package\.json$/.test(path)));
  const packed = await packageSizes(manifests, LIMITS.packedBytes);
  const undocumented = exportsWithoutDocs(files, manifests);
  report({
    violations: [...violations, ...undocumented.violations, ...packed.violations],
    notes: [...notes, ...packed.notes, `documented exports: ${undocumented.documented}`],
    summary: `${files.length} files, ${manifests.length} packages`,
  });
}

if (isMain(import.meta.url)) await main();
