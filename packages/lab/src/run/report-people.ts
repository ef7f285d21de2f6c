// A run for people: facts as they come, a row for each target, and what it came to.

import type { Fact } from "../protocol/message.ts";
import { errorText } from "../report/error-text.ts";
import { factText } from "../report/fact-text.ts";
import { openLiveArea, spinner } from "../report/live.ts";
import { table } from "../report/table.ts";
import { type Terminal, visible } from "../report/terminal.ts";
import { compareFacts } from "./compare-facts.ts";
import type { ReportOptions } from "./report-json.ts";
import type { Reporter } from "./reporter.ts";
import type { Outcome } from "./session.ts";

interface Row {
  readonly target: string;
  readonly facts: Fact[];
  stage: string;
  started: number | undefined;
  seconds: number | undefined;
  outcome: Outcome | undefined;
}

export function peopleReporter(targets: readonly string[], options: ReportOptions): Reporter {
  const { terminal } = options;
  const rows = new Map(targets.map((target) => [target, newRow(target)]));
  const width = Math.max(...targets.map((target) => target.length));
  const area = terminal.live
    ? openLiveArea(terminal, () => liveLines(terminal, [...rows.values()]))
    : undefined;
  const print = (text: string): void => (area ? area.print(text) : terminal.out(text));
  const change = (target: string, changes: Partial<Row>): void => {
    Object.assign(rows.get(target) ?? newRow(target), changes);
    area?.draw();
  };
  const label = (target: string): string => terminal.style("cyan", target.padEnd(width));
  return {
    start: (target) => change(target, { started: performance.now(), stage: "starting" }),
    stage: (target, stage) => change(target, { stage }),
    fact: (target, fact) => {
      rows.get(target)?.facts.push(fact);
      print(`${label(target)}  ${factText(fact)}\n`);
    },
    output: (target, line) => {
      const text = `${label(target)}  ${terminal.style("dim", visible(line))}\n`;
      // Without a terminal to draw on, a program's words must not get between the facts.
      if (area) print(text);
      else terminal.err(text);
    },
    end: (target, outcome, seconds) => {
      change(target, { outcome, seconds });
      if (!outcome.ok)
        print(errorText(outcome.error, { ...options, indent: `${label(target)}  ` }));
    },
    // Its row says so, and the sum; why is told once, for the target that was stopped.
    notRun: () => undefined,
    close: () => {
      area?.close();
      terminal.out(summary(terminal, [...rows.values()], area !== undefined));
    },
  };
}

function newRow(target: string): Row {
  return {
    target,
    facts: [],
    stage: "waiting",
    started: undefined,
    seconds: undefined,
    outcome: undefined,
  };
}

function liveLines(terminal: Terminal, rows: readonly Row[]): string[] {
  return table(rows.map((row) => cells(terminal, row)))
    .trimEnd()
    .split("\n");
}

function cells(terminal: Terminal, row: Row): string[] {
  const running = row.started !== undefined && row.outcome === undefined;
  const since = running ? (performance.now() - (row.started ?? 0)) / 1000 : row.seconds;
  return [
    running ? terminal.style("cyan", spinner()) : mark(terminal, row.outcome),
    row.target,
    state(row),
    row.facts.length === 1 ? "1 fact" : `${row.facts.length} facts`,
    since === undefined ? "" : `${since.toFixed(1)} s`,
  ];
}

function state({ outcome, stage }: Row): string {
  if (outcome === undefined) return stage;
  return outcome.ok ? "ok" : `failed: ${outcome.error.code}`;
}

function mark(terminal: Terminal, outcome: Outcome | undefined): string {
  if (outcome === undefined) return terminal.style("dim", "·");
  return outcome.ok ? terminal.style("green", "✓") : terminal.style("red", "✗");
}

function summary(terminal: Terminal, rows: readonly Row[], drawn: boolean): string {
  const ended = rows.filter(({ outcome }) => outcome !== undefined);
  const passed = ended.filter(({ outcome }) => outcome?.ok === true);
  const counts = [
    terminal.style("green", `${passed.length} ok`),
    ...count(terminal, "red", ended.length - passed.length, "failed"),
    ...count(terminal, "yellow", rows.length - ended.length, "not run"),
  ].join(", ");
  const same = passed.length > 1 ? `; ${compareFacts(passed)}` : "";
  return `${drawn ? "" : table(rows.map((row) => cells(terminal, row)))}${counts}${same}\n`;
}

function count(terminal: Terminal, style: "red" | "yellow", n: number, what: string): string[] {
  return n === 0 ? [] : [terminal.style(style, `${n} ${what}`)];
}
