// Runs one benchmark on one target: compiles its C half, runs its program, concludes from its samples.

import { writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { LabError } from "../errors.ts";
import { withRunFolder } from "../qemu/run-folder.ts";
import type { Outcome, RunEvent } from "../run/session.ts";
import { withWorkspace } from "../run/workspace.ts";
import type { Target } from "../targets/target.ts";
import type { Benchmark, Clock, Limits } from "./catalogue.ts";
import { judge, type SeriesResult } from "./judge.ts";
import { compileLoops } from "./native.ts";
import { parseSamples } from "./samples.ts";

export interface BenchRun {
  /** The folder of the benchmarks. */
  readonly folder: string;
  readonly benchmark: Benchmark;
  readonly target: Target;
  readonly limits: Limits;
  readonly rounds: number;
  readonly timeoutSeconds: number;
  /** What the clocks of an emulated target count. */
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Told of each series as soon as it is measured. */
  readonly onResult: (result: SeriesResult) => void;
  /** A line that the program printed. */
  readonly onOutput: (line: string) => void;
}

/**
 * In a guest, whose processor is emulated, the compiler needs longer and clocks tick coarser. Where
 * they count instructions, a second is a thousand million of them and takes ten of ours.
 */
const EFFORT = {
  sim: { warmSeconds: 1, sampleMilliseconds: 2 },
  linux: { warmSeconds: 8, sampleMilliseconds: 8 },
  counted: { warmSeconds: 0.5, sampleMilliseconds: 4 },
} as const;

/** How much slower the control is where no ratio is held that would say. */
const DEFAULT_EFFECT = 0.25;

/**
 * Answers how the program ended; its series went to `onResult` before.
 *
 * Valid errors: `tool-missing`, `file-invalid`, and those of the target.
 */
export async function runBench(run: BenchRun): Promise<Outcome> {
  return await withRunFolder(async (folder) => {
    const library = await compileLoops({
      bench: run.folder,
      into: folder,
      arch: run.target.arch,
      signal: run.signal,
    });
    const file = join(folder, "bench.mjs");
    await writeFile(file, programText(run, library));
    return await withWorkspace(file, (workspace) =>
      run.target.run({
        workspace,
        timeoutSeconds: run.timeoutSeconds,
        seed: undefined,
        kernel: undefined,
        clock: run.clock,
        signal: run.signal,
        onEvent: (event) => receive(run, event),
      }),
    );
  });
}

/** The scenario and its settings as a program that any target runs. */
function programText(run: BenchRun, library: string) {
  const { folder, benchmark, target, rounds, limits } = run;
  const ratios = Object.values(limits).flatMap(({ ratio }) => (ratio === undefined ? [] : [ratio]));
  const settings = {
    ...EFFORT[run.clock === "instructions" ? "counted" : target.kind],
    library,
    koffiFrom: createRequire(import.meta.url).resolve("@iommukit/host-linux/package.json"),
    argument: benchmark.argument,
    rounds,
    effect:
      ratios.length === 1 && ratios[0] !== undefined ? controlEffect(ratios[0]) : DEFAULT_EFFECT,
  };
  const file = (path: string): string => JSON.stringify(join(folder, path));
  return [
    `import { openBench } from ${file("harness/bench.ts")};`,
    `import { scenario } from ${file(`scenarios/${benchmark.scenario}.ts`)};`,
    `export default (host) => scenario(openBench(host, ${JSON.stringify(settings)}));`,
  ].join("\n");
}

/** A control that breaks a budget by as much as the budget allows beyond equality with C. */
function controlEffect(ratio: number): number {
  return Math.min(DEFAULT_EFFECT, ratio - 1);
}

function receive({ limits, onResult, onOutput }: BenchRun, event: RunEvent): void {
  if (event.kind === "output") onOutput(event.line);
  if (event.kind !== "fact") return;
  const samples = parseSamples(event.fact);
  if (samples === undefined)
    throw new LabError("file-invalid", "the benchmark's program reported no samples");
  onResult(judge(samples, limits[samples.series]));
}
