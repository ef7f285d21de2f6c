import { expect, test } from "vitest";
import { recordingTerminal } from "../../test/recording-terminal.ts";
import { plain } from "../report/terminal.ts";
import { compareFacts } from "./compare-facts.ts";
import { jsonReporter } from "./report-json.ts";
import { peopleReporter } from "./report-people.ts";
import type { Reporter } from "./reporter.ts";

const ERROR = {
  code: "timeout",
  message: "no result\n    last line",
  hint: "wait",
  at: "p.ts:1:2",
  stack: "Error\n    at p.ts:1:2",
};

/** One target that does well, one that fails, one that is not reached. */
function tell(reporter: Reporter): void {
  reporter.start("sim/vtd");
  reporter.stage("sim/vtd", "running");
  reporter.fact("sim/vtd", { copied: 4096, text: "two words" });
  reporter.output("sim/vtd", "words \u001b[2J");
  reporter.end("sim/vtd", { ok: true }, 0.12345);
  reporter.start("sim/amdvi");
  reporter.end("sim/amdvi", { ok: false, error: ERROR }, 2);
  reporter.notRun("qemu/vtd", { ok: false, error: { code: "interrupted", message: "stopped" } });
  reporter.close();
}

test("default: JSON, one line for each fact and each end, and nothing else", () => {
  const terminal = recordingTerminal();
  tell(jsonReporter({ terminal, verbose: false }));
  const { stack: _, ...error } = ERROR;
  expect(terminal.jsonLines()).toEqual([
    { target: "sim/vtd", fact: { copied: 4096, text: "two words" } },
    { target: "sim/vtd", done: true, ok: true, seconds: 0.123 },
    { target: "sim/amdvi", done: true, ok: false, seconds: 2, error },
    {
      target: "qemu/vtd",
      done: true,
      ok: false,
      seconds: 0,
      error: { code: "interrupted", message: "stopped" },
    },
  ]);
  expect(terminal.errors()).toBe("[sim/vtd] words \\x1b[2J\n");
});

test("behavior: the stack with --verbose", () => {
  const terminal = recordingTerminal();
  jsonReporter({ terminal, verbose: true }).end("t", { ok: false, error: ERROR }, 1);
  expect(terminal.jsonLines()).toMatchObject([{ error: { stack: ERROR.stack } }]);
});

test("default: people get facts, errors, rows and a sum", () => {
  const terminal = recordingTerminal();
  tell(peopleReporter(["sim/vtd", "sim/amdvi", "qemu/vtd"], { terminal, verbose: false }));
  expect(terminal.output()).toBe(
    [
      'sim/vtd    copied=4096 text="two words"',
      "sim/amdvi  error: no result [timeout]",
      "sim/amdvi      last line",
      "sim/amdvi    at p.ts:1:2",
      "sim/amdvi    hint: wait",
      "✓  sim/vtd    ok               1 fact   0.1 s",
      "✗  sim/amdvi  failed: timeout  0 facts  2.0 s",
      "·  qemu/vtd   waiting          0 facts",
      "1 ok, 1 failed, 1 not run",
      "",
    ].join("\n"),
  );
  expect(terminal.errors()).toBe("sim/vtd    words \\x1b[2J\n");
});

test("behavior: on a terminal the rows are redrawn in place, and stand once at the end", () => {
  const terminal = recordingTerminal(true);
  tell(peopleReporter(["sim/vtd", "sim/amdvi"], { terminal, verbose: false }));
  const last = terminal.output().split("\u001b[0J").at(-1) ?? "";
  expect(plain(last)).toBe(
    "✓  sim/vtd    ok               1 fact   0.1 s\n✗  sim/amdvi  failed: timeout  0 facts  2.0 s\n1 ok, 1 failed\n",
  );
  expect(terminal.errors()).toBe("");
});

test("default: facts that are equal, and facts that are not", () => {
  const told = (target: string, ...values: number[]) => ({
    target,
    facts: values.map((value) => ({ value })),
  });
  expect(compareFacts([told("a", 1, 2), told("b", 1, 2)])).toBe("the same facts on all 2");
  expect(compareFacts([told("a", 1, 2), told("b", 2, 1), told("c", 1, 2), told("d", 1)])).toBe(
    "other facts than on a: b, d",
  );
  expect(compareFacts([])).toBe("nothing to compare");
});
