// Each repository rule catches a seeded violation.

import { describe, expect, test } from "vitest";
import { checkRepository } from "../repository-rules.mjs";

const NAMES = ["@iommukit/core", "@iommukit/host-linux"];
const README = {
  path: "README.md",
  text: "# x\n## Packages\n| `@iommukit/core` | a |\n| `@iommukit/host-linux` | b |\n## Next\n@iommukit/other\n",
};

function rulesBroken(path, text) {
  return checkRepository([README, { path, text }], NAMES).map(({ rule }) => rule);
}

describe("the package map", () => {
  test("complete", () => expect(checkRepository([README], NAMES)).toEqual([]));
  test("a package that is missing", () => {
    expect(checkRepository([README], [...NAMES, "@iommukit/kvm"])).toMatchObject([
      { rule: "package-map" },
    ]);
  });
  test("a package that is gone", () => {
    expect(checkRepository([README], ["@iommukit/core"])).toMatchObject([{ rule: "package-map" }]);
  });
  test("no README, and no map", () => {
    expect(checkRepository([], NAMES)).toMatchObject([{ rule: "package-map" }]);
    expect(checkRepository([{ path: "README.md", text: "# x\n" }], NAMES)).toHaveLength(1);
  });
});

const SEEDED = {
  "a home folder": ["machine-path", "docs/a.md", "see /home/someone/x"],
  "a work folder": ["machine-path", "tools/a.sh", `cd "/work/elsewhere"`],
  "a local registry": ["private-server", ".npmrc", "registry=http://localhost:4873/"],
  "a mirror": ["private-server", "a.yaml", "url: https://npm.mirror.example.com/x"],
  "a foreign tarball": ["lockfile-url", "pnpm-lock.yaml", "    tarball: https://example.com/x.tgz"],
  "something left for later": ["left-for-later", "packages/core/src/a.ts", "// x\n// TODO: finish"],
  "a file that does not say what it is": [
    "says-what-it-is",
    "packages/core/src/a.ts",
    "export {};",
  ],
};

test.each(Object.entries(SEEDED))("caught: %s", (_, [rule, path, text]) => {
  expect(rulesBroken(path, text)).toEqual([rule]);
});

test("allowed: guest paths, public addresses, a commented file", () => {
  expect(rulesBroken("packages/lab/src/a.ts", `// x\nconst a = "/root/proc";`)).toEqual([]);
  expect(rulesBroken("docs/a.md", "https://deb.debian.org/debian and TODO as a word")).toEqual([]);
  expect(rulesBroken("packages/lab/src/a.ts", "#!/usr/bin/env node\n// x")).toEqual([]);
});
