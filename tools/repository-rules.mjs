// Small promises about the checkout as a whole that no other tool holds.
//
// The README's package map names exactly the packages there are; no file names one machine's folders
// or package servers; nothing is left to be done later; every source file opens by saying what it is.

import { isMain, report } from "./lib/report.mjs";
import { isTest, listFiles, readFiles } from "./lib/sources.mjs";

const README = "README.md";
const MAP_HEADING = /^##+ .*\bpackages?\b.*$/im;
const TEXT = /\.(ts|mts|mjs|js|json|yaml|yml|md|c|h|sh)$|(^|\/)(run|\.npmrc|\.gitignore)$/;
const CODE = /\.(ts|mts|mjs|c|h|sh)$/;
const SOURCE = /^(packages\/[^/]+\/src|tools|examples)\/.*\.(ts|mjs)$/;

const MACHINE_PATH = /(^|[\s"'`(=:])\/(home|Users|work)\/[\w.-]+/;
const PRIVATE_SERVER =
  /https?:\/\/(localhost|127\.|10\.|192\.168\.|[\w.-]*(artifactory|nexus|mirror|proxy))/i;
const LATER = /\b(TODO|FIXME|HACK|XXX)\b/;
const LOCKFILE_URL = /tarball: (?!https:\/\/registry\.npmjs\.org\/)/;
/** These state the patterns, or seed violations of them. */
const EXEMPT = /^tools\/(repository-rules\.mjs|test\/)/;

export function checkRepository(files, packageNames) {
  const texts = files.filter(({ path }) => TEXT.test(path) && !EXEMPT.test(path));
  return [
    ...packageMap(
      files.find(({ path }) => path === README),
      packageNames,
    ),
    ...texts.flatMap((file) => lineRules(file)),
    ...files.filter(({ path }) => SOURCE.test(path) && !isTest(path)).flatMap(opening),
  ];
}

function packageMap(readme, packageNames) {
  const broken = (message) => ({ path: README, line: 1, rule: "package-map", message });
  if (readme === undefined) return [broken("no README.md")];
  const [, afterHeading] = readme.text.split(MAP_HEADING);
  if (afterHeading === undefined) return [broken("no heading with the word packages")];
  const [section = ""] = afterHeading.split(/^## /m);
  const listed = new Set(section.match(/@iommukit\/[a-z0-9]+(-[a-z0-9]+)*/g));
  const missing = packageNames.filter((name) => !listed.has(name));
  const gone = [...listed].filter((name) => !packageNames.includes(name));
  return [
    ...missing.map((name) => broken(`${name} is not in the package map`)),
    ...gone.map((name) => broken(`${name} is in the package map and not in packages/`)),
  ];
}

function lineRules({ path, text }) {
  const rules = [
    ["machine-path", MACHINE_PATH],
    ...(isTest(path) ? [] : [["private-server", PRIVATE_SERVER]]),
    ...(CODE.test(path) ? [["left-for-later", LATER]] : []),
    ...(path === "pnpm-lock.yaml" ? [["lockfile-url", LOCKFILE_URL]] : []),
  ];
  return text
    .split("\n")
    .flatMap((content, index) =>
      rules
        .filter(([, pattern]) => pattern.test(content))
        .map(([rule]) => ({ path, line: index + 1, rule, message: content.trim().slice(0, 100) })),
    );
}

function opening({ path, text }) {
  const [first = ""] = text.replace(/^#!.*\n/, "").split("\n");
  const isComment = /^(\/\/ |\/\*)/.test(first);
  if (isComment) return [];
  return [
    { path, line: 1, rule: "says-what-it-is", message: "open with a comment: what it is for" },
  ];
}

function main() {
  const files = readFiles(listFiles((path) => TEXT.test(path)));
  const manifests = files.filter(({ path }) => /^packages\/[^/]+\/package\.json$/.test(path));
  const names = manifests.map(({ text }) => JSON.parse(text).name);
  report({
    violations: checkRepository(files, names),
    summary: `${files.length} files, ${names.length} packages`,
  });
}

if (isMain(import.meta.url)) main();
