// A run for programs: one line of JSON for each fact, and one for each target's end.

import type { ErrorReport } from "../errors.ts";
import { type Terminal, visible } from "../report/terminal.ts";
import type { Reporter } from "./reporter.ts";

export interface ReportOptions {
  readonly terminal: Terminal;
  readonly verbose: boolean;
}

export function jsonReporter({ terminal, verbose }: ReportOptions): Reporter {
  const line = (value: object): void => terminal.out(`${JSON.stringify(value)}\n`);
  const end: Reporter["end"] = (target, outcome, seconds) =>
    line({
      target,
      done: true,
      ok: outcome.ok,
      seconds: Math.round(seconds * 1000) / 1000,
      ...(!outcome.ok && { error: jsonError(outcome.error, verbose) }),
    });
  return {
    start: () => undefined,
    stage: () => undefined,
    fact: (target, fact) => line({ target, fact }),
    output: (target, text) => terminal.err(`[${target}] ${visible(text)}\n`),
    end,
    notRun: (target, outcome) => end(target, outcome, 0),
    close: () => undefined,
  };
}

/** The stack only when asked for: it is long, and its lines change with every edit. */
export function jsonError({ stack, ...error }: ErrorReport, verbose: boolean): ErrorReport {
  return verbose && stack !== undefined ? { ...error, stack } : error;
}
