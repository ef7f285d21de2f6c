import { fc, test as property } from "@fast-check/vitest";
import { describe, expect, test } from "vitest";
import { recordingTerminal } from "../../test/recording-terminal.ts";
import { errorText } from "./error-text.ts";
import { factText } from "./fact-text.ts";
import { openLiveArea } from "./live.ts";
import { sizeText } from "./size-text.ts";
import { table } from "./table.ts";
import { plain, visible } from "./terminal.ts";

test("default: columns as wide as their widest cell, colours not counted", () => {
  expect(
    table([
      ["a", "bb", "c"],
      ["\u001b[31mlong\u001b[0m", "b", ""],
    ]),
  ).toBe("a     bb  c\n\u001b[31mlong\u001b[0m  b\n");
  expect(table([])).toBe("");
});

test.each([
  [0, "0 bytes"],
  [1023, "1023 bytes"],
  [1024, "1 KiB"],
  [1536, "1.5 KiB"],
  [520_209n * 1024n * 1024n, "508 GiB"],
  [(1n << 64n) - 1n, "16 EiB"],
])("default: %s is %s", (size, text) => {
  expect(sizeText(size)).toBe(text);
});

test.each([
  [{ a: 1, b: "x" }, "a=1 b=x"],
  [{ a: "two words", b: "", c: 'q"' }, 'a="two words" b="" c="q\\""'],
  [{ list: [1, { x: null }] }, 'list=[1,{"x":null}]'],
  [{}, ""],
])("default: %j is %s", (fact, text) => {
  expect(factText(fact)).toBe(text);
});

/** Unicode calls them control characters; two of them only move on. */
function obeyed(character: string): boolean {
  return /\p{Cc}/u.test(character) && character !== "\t" && character !== "\n";
}

describe("what a terminal would obey", () => {
  test("default: is shown; tabs and line ends stay", () => {
    expect(visible("a\u001b[2J\u0000\u009b\t\n\u007fé")).toBe("a\\x1b[2J\\x00\\x9b\t\n\\x7fé");
  });

  property.prop([fc.string({ unit: "binary" })])(
    "behavior: never reaches it, whatever the text",
    (text) => {
      expect([...visible(text)].filter((character) => obeyed(character))).toEqual([]);
    },
  );

  test("behavior: in an error's text either; our own colours do", () => {
    const text = errorText(
      { code: "c", message: "bad \u001b]0;title\u0007", hint: "h" },
      { terminal: recordingTerminal(true), verbose: false },
    );
    expect(text).toContain("\u001b[1merror\u001b[0m: bad ");
    expect(plain(text)).not.toContain("\u001b");
    expect(text).not.toContain("\u0007");
  });
});

test("default: an error's stack only when asked for", () => {
  const error = {
    code: "c",
    message: "m",
    stack: "Error: m\n    at f (p.ts:1:2)\n    at g (p.ts:3:4)",
  };
  const terminal = recordingTerminal();
  expect(errorText(error, { terminal, verbose: false })).toBe("error: m [c]\n");
  expect(errorText(error, { terminal, verbose: true, indent: "> " })).toBe(
    "> error: m [c]\n>     at f (p.ts:1:2)\n>     at g (p.ts:3:4)\n",
  );
});

describe("live area", () => {
  test("default: erases what it drew, prints above, leaves the last drawing", () => {
    const terminal = recordingTerminal(true);
    let lines = ["one", "two"];
    const area = openLiveArea(terminal, () => lines);
    area.draw();
    lines = ["three"];
    area.print("above\n");
    area.close();
    expect(terminal.output()).toBe(
      "one\ntwo\n\u001b[2A\r\u001b[0Jabove\nthree\n\u001b[1A\r\u001b[0Jthree\n",
    );
  });

  test("behavior: a line that would wrap is cut", () => {
    const terminal = recordingTerminal(true);
    const area = openLiveArea(terminal, () => ["x".repeat(100)]);
    area.close();
    expect(terminal.output()).toBe(`${"x".repeat(58)}…\n`);
  });
});
