// A document's example that does not compile, run or print what it says is caught, at its own line.

import { describe, expect, test } from "vitest";
import { checkMarks, extractBlocks, tryBlocks } from "../readme-examples.mjs";

const FENCE = "```";

function document(body, path = "docs/sample.md") {
  return { path, text: body };
}

function fenced(mark, code) {
  return `${FENCE}${mark}\n${code}\n${FENCE}\n`;
}

describe("extraction", () => {
  test("finds ts blocks, their lines, marks and expected output", () => {
    const text = `# t\n\n${fenced("ts", "a")}\n${fenced("sh", "b")}\n${fenced("ts run", "c")}\n${fenced("text", "d")}`;
    expect(extractBlocks(document(text))).toMatchObject([
      { line: 4, kind: "check", code: "a\n", output: undefined },
      { line: 12, kind: "run", code: "c\n", output: "d\n" },
    ]);
  });

  test("an unknown mark, and a README without an executed example", () => {
    const readme = document(fenced("ts ignore", "a"), "README.md");
    const rules = checkMarks([readme], extractBlocks(readme)).map(({ rule }) => rule);
    expect(rules).toEqual(["unknown-mark", "main-example"]);
  });
});

describe("compiling and running", { timeout: 60_000 }, () => {
  test("a type error and an unknown export, at their lines", () => {
    const text = `x\n${fenced("ts", `const a: string = 1;\nimport { nothing } from "@iommukit/core";`)}`;
    const found = tryBlocks(extractBlocks(document(text)));
    expect(found).toMatchObject([
      { path: "docs/sample.md", line: 3, rule: "does-not-compile" },
      { path: "docs/sample.md", line: 4, rule: "does-not-compile" },
    ]);
  });

  test("a throw and a wrong output; a fragment and a right output pass", () => {
    const text = [
      fenced("ts fragment", "map(a, b)"),
      fenced("ts run", `throw new Error("seeded");`),
      fenced("ts run", "console.log(1 + 1);") + fenced("text", "3"),
      fenced("ts run", "console.log(1 + 1);") + fenced("text", "2"),
    ].join("\n");
    const found = tryBlocks(extractBlocks(document(text)));
    expect(found.map(({ message }) => message)).toEqual([
      expect.stringContaining("seeded"),
      expect.stringContaining("the document says\n3"),
    ]);
  });
});
