// `iommukit bench NAME… --on TARGET`: how fast the library is beside the same work in C.

import {
  type Benchmark,
  benchFolder,
  benchmarkNamed,
  type Clock,
  isClock,
  readCatalogue,
} from "../bench/catalogue.ts";
import type { SeriesResult, Verdict } from "../bench/judge.ts";
import { resultJson, resultText } from "../bench/report.ts";
import { runBench } from "../bench/run-bench.ts";
import { LabError } from "../errors.ts";
import { table } from "../report/table.ts";
import { visible } from "../report/terminal.ts";
import { parseTargets } from "../targets/list.ts";
import type { Target } from "../targets/target.ts";
import type { Invocation } from "./command.ts";
import { number, text } from "./options.ts";

const DEFAULT_TIMEOUT_SECONDS = 240;

/** What makes the command fail: certain slowness, and a harness that could not have seen it. */
const FAILING: ReadonlySet<Verdict> = new Set<Verdict>(["missed", "blind"]);

export async function runBenchCommand(invocation: Invocation): Promise<number> {
  const folder = benchFolder();
  const catalogue = await readCatalogue(folder);
  const checks = invocation.options["check"] === true;
  const chosen = chooseBenchmarks(catalogue, invocation.args, checks);
  if (chosen.length === 0) {
    invocation.terminal.out(listText(catalogue));
    return 0;
  }
  let failed = false;
  for (const benchmark of chosen)
    for (const target of targetsOf(benchmark, text(invocation.options, "on"))) {
      const ok = await runOne({ invocation, folder, benchmark, target, checks });
      failed ||= !ok;
      invocation.signal.throwIfAborted();
    }
  return failed ? 1 : 0;
}

function chooseBenchmarks(
  catalogue: readonly Benchmark[],
  names: readonly string[],
  checks: boolean,
): readonly Benchmark[] {
  if (names.length > 0) return names.map((name) => benchmarkNamed(catalogue, name));
  return checks ? catalogue.filter(({ gates }) => Object.keys(gates).length > 0) : [];
}

function targetsOf({ target }: Benchmark, on: string | undefined): readonly Target[] {
  return parseTargets(on ?? target);
}

interface OneBench {
  readonly invocation: Invocation;
  readonly folder: string;
  readonly benchmark: Benchmark;
  readonly target: Target;
  readonly checks: boolean;
}

async function runOne({ invocation, folder, benchmark, target, checks }: OneBench) {
  const { terminal, json, options, signal } = invocation;
  const { name } = benchmark;
  const clock = clockOf(invocation, benchmark, target);
  const place = { name, target: target.name, clock };
  const verdicts: Verdict[] = [];
  const onResult = (result: SeriesResult): void => {
    verdicts.push(result.verdict);
    if (json) terminal.out(`${JSON.stringify(resultJson(place, result))}\n`);
    else terminal.out(resultText(place, result, terminal));
  };
  const outcome = await runBench({
    folder,
    benchmark,
    target,
    limits: checks ? benchmark.gates : benchmark.goals,
    rounds: number(options, "rounds", { least: 6, most: 10_000, whole: true }) ?? benchmark.rounds,
    timeoutSeconds:
      number(options, "timeout", { least: 1, most: 86_400, whole: false }) ??
      DEFAULT_TIMEOUT_SECONDS,
    clock,
    signal,
    onResult,
    onOutput: (line) => terminal.err(`[${target.name}] ${visible(line)}\n`),
  });
  if (!outcome.ok) throw failure(outcome.error, target);
  return verdicts.length > 0 && !verdicts.some((verdict) => FAILING.has(verdict));
}

/** A benchmark's own clock is for its own target. Valid errors: `invalid-option`. */
function clockOf({ options }: Invocation, benchmark: Benchmark, { name }: Target): Clock {
  const own = benchmark.target === name ? benchmark.clock : "host";
  const clock = text(options, "clock") ?? own;
  if (!isClock(clock))
    throw new LabError("invalid-option", `--clock is host or instructions, not ${visible(clock)}`, {
      hint: "host is time; instructions are counted by QEMU and are the same however busy a machine is",
    });
  if (clock === "instructions" && !name.startsWith("qemu/"))
    throw new LabError("invalid-option", `nothing counts the instructions of ${name}`, {
      hint: "--clock instructions is for targets qemu/…",
    });
  // QEMU 7.2: "fatal: Raised interrupt while not in I/O function", before the kernel starts.
  if (clock === "instructions" && name.startsWith("qemu/powernv"))
    throw new LabError("invalid-option", `QEMU cannot count the instructions of ${name}`, {
      hint: "its powernv machines end when they are told to",
    });
  return clock;
}

function failure(
  { code, message, hint, at }: { code: string; message: string; hint?: string; at?: string },
  { name }: Target,
): LabError {
  const place = at === undefined ? "" : ` at ${at}`;
  return new LabError("target-failed", `${name}: ${message} (${code}${place})`, { hint });
}

function listText(catalogue: readonly Benchmark[]): string {
  return table(catalogue.map(({ name, target, description }) => [name, target, description]));
}
