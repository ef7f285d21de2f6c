// One command line, from its words to its exit status; whoever calls it decides where words go.
//
// 0: all is well; 1: something failed, or is not well; 2: the command line or a named file is wrong.

import { isUsageError, reportOf } from "../errors.ts";
import { errorText } from "../report/error-text.ts";
import type { Terminal } from "../report/terminal.ts";
import { jsonError } from "../run/report-json.ts";
import { parse } from "./parse.ts";

export interface CommandLine {
  readonly words: readonly string[];
  /** This package's version. */
  readonly version: string;
  readonly terminal: Terminal;
  readonly signal: AbortSignal;
}

/** Never rejects: every error is shown, once. */
export async function runCommandLine(line: CommandLine): Promise<number> {
  const { words, version, terminal, signal } = line;
  const manner = {
    terminal,
    // Known before anything is parsed, so that a wrong command line is answered in the right form.
    json: words.includes("--json"),
    verbose: words.includes("--verbose"),
  };
  try {
    const parsed = parse(words, version);
    if (parsed.kind === "printed") return 0;
    const { command, args, options } = parsed;
    const run = await command.load();
    return await run({ ...manner, args, options, signal });
  } catch (error) {
    showError(error, manner);
    return isUsageError(error) ? 2 : 1;
  }
}

interface Manner {
  readonly json: boolean;
  readonly verbose: boolean;
  readonly terminal: Terminal;
}

/** With --json on standard output, so that whoever reads that alone learns of it. */
function showError(error: unknown, { json, verbose, terminal }: Manner): void {
  const report = reportOf(error);
  if (json) terminal.out(`${JSON.stringify({ error: jsonError(report, verbose) })}\n`);
  else terminal.err(errorText(report, { terminal, verbose }));
}
