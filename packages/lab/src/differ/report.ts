// A differential run in words for people, and as the one object for programs.

import { table } from "../report/table.ts";
import type { Terminal } from "../report/terminal.ts";
import type { DifferResult, Divergence, Transcript } from "./differ.ts";
import type { Op } from "./op.ts";
import { LOG_RULES, RULES } from "./rules.ts";

/** How the run was asked for. */
export interface Asked {
  readonly target: string;
  /** Undefined when a file was replayed. */
  readonly seed: number | undefined;
  readonly first: number;
}

/** What `--json` prints. */
export interface JsonReport {
  readonly target: string;
  readonly sequences: number;
  readonly operations: number;
  readonly divergences: readonly JsonDivergence[];
  /** How often each rule allowed a difference. */
  readonly rules: Readonly<Record<string, number>>;
  readonly seconds: number;
  readonly seed?: number;
  readonly first?: number;
  readonly environment: DifferResult["environment"];
}

export interface JsonDivergence {
  /** Null for the state that a sequence left, and for what concerns the whole run. */
  readonly op: Op | null;
  readonly simulated: string;
  readonly real: string;
  readonly times: number;
  readonly shrunk: readonly Op[];
  /** The command that repeats it. */
  readonly repeat: string;
}

export function jsonReport(asked: Asked, result: DifferResult): JsonReport {
  const { sequences, operations, divergences, rules, seconds, environment } = result;
  return {
    target: asked.target,
    sequences,
    operations,
    divergences: divergences.map((divergence) => jsonDivergence(asked, divergence)),
    rules: {
      ...Object.fromEntries([...RULES, ...LOG_RULES].map(({ name }) => [name, 0])),
      ...rules,
    },
    seconds,
    ...(asked.seed === undefined ? {} : { seed: asked.seed, first: asked.first }),
    environment,
  };
}

function jsonDivergence(
  asked: Asked,
  { times, shrunk, difference, sequence }: Divergence,
): JsonDivergence {
  const { op, simulated, real } = difference;
  const repeat = repeatCommand(asked, sequence);
  return { op: op ?? null, simulated, real, times, shrunk, repeat };
}

function repeatCommand({ target, seed, first }: Asked, sequence: number | undefined): string {
  if (seed === undefined || sequence === undefined) return `iommukit differ --on ${target}`;
  return `iommukit differ --on ${target} --seed ${seed} --first ${first + sequence} --sequences 1`;
}

export function textReport(asked: Asked, result: DifferResult, terminal: Terminal): string {
  const { sequences, operations, divergences, rules, seconds } = result;
  const count = divergences.length;
  const verdict =
    count === 0
      ? terminal.style("green", "no divergence")
      : terminal.style("red", `${count} ${count === 1 ? "divergence" : "divergences"}`);
  const seed = asked.seed === undefined ? "" : `, seed ${asked.seed}`;
  const used = Object.entries(rules).map(([name, times]) => ["", name, `${times} times`]);
  return [
    ...divergences.map((divergence) => divergenceText(asked, divergence, terminal)),
    used.length > 0 ? `allowed by rules\n${table(used)}` : "",
    `${asked.target}: ${sequences} sequences, ${operations} operations, ${verdict}, ${seconds} s${seed}\n`,
  ].join("");
}

function divergenceText(asked: Asked, divergence: Divergence, terminal: Terminal): string {
  const { times, shrunk, difference, sequence } = divergence;
  const rows = shrunk.map((op, index) => ["", String(index), opText(op)]);
  const how = [
    ["", "simulated", difference.simulated],
    ["", "real", difference.real],
  ];
  return [
    terminal.style("bold", `${times === 1 ? "once" : `${times} times`}, in the shortest form:\n`),
    table(rows),
    difference.op === undefined ? "  afterwards\n" : "",
    table(how),
    terminal.style("dim", `  ${repeatCommand(asked, sequence)}\n`),
    terminal.style("dim", `  ${JSON.stringify(shrunk)}\n\n`),
  ].join("");
}

/** Every call of a short run with what both sides answered. */
export function transcriptText({ sequence, simulated, real }: Transcript): string {
  const results = real.map((said, index) =>
    said === simulated[index] ? said : `${simulated[index]}  |  real: ${said}`,
  );
  return table(
    results.map((said, index) => {
      const op = sequence[index];
      return ["", String(index), op === undefined ? "afterwards" : opText(op), said];
    }),
  );
}

function opText({ op, ...members }: Op): string {
  const words = Object.entries(members).map(([name, value]) =>
    name === "fd" ? String(value) : `${name} ${valueText(value)}`,
  );
  return [op, ...words].join(" ");
}

function valueText(value: unknown): string {
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}
