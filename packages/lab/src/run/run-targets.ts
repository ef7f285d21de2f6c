// Runs a program on targets, one after the other, and tells how each went.

import { match } from "ts-pattern";
import { reportOf } from "../errors.ts";
import type { OwnKernel, Target, TargetRun } from "../targets/target.ts";
import type { Reporter } from "./reporter.ts";
import type { Outcome, RunEvent } from "./session.ts";
import { withWorkspace } from "./workspace.ts";

export interface RunOptions {
  readonly file: string;
  readonly targets: readonly Target[];
  readonly timeoutSeconds: number;
  readonly seed: number | undefined;
  readonly kernel: OwnKernel | undefined;
  readonly qemuArguments?: readonly string[];
  readonly signal: AbortSignal;
  /** Called once the program is known to be one. */
  readonly openReporter: () => Reporter;
}

/**
 * Answers whether all went well. A target that cannot be used is reported and the next one tried; a
 * stop from outside is reported for the target that ran and for those that no longer do.
 *
 * Valid errors: `file-unreadable`, `file-kind`, `file-invalid`, `no-default-export`, and the signal's
 * reason when nothing had started.
 */
export async function runTargets(options: RunOptions): Promise<boolean> {
  return await withWorkspace(options.file, async (workspace) => {
    // Before the first target: a program that does not compile is one error, not one for each.
    for (const kind of new Set(options.targets.map((target) => target.kind)))
      await workspace.prepare(kind);
    options.signal.throwIfAborted();
    return await runEach({ ...options, workspace });
  });
}

async function runEach(run: OneRun): Promise<boolean> {
  const reporter = run.openReporter();
  let ok = true;
  try {
    for (const target of run.targets) {
      if (run.signal.aborted) reporter.notRun(target.name, stopped(run.signal));
      else ok = (await runOne(target, run, reporter)).ok && ok;
    }
    return ok && !run.signal.aborted;
  } finally {
    reporter.close();
  }
}

type OneRun = RunOptions & Pick<TargetRun, "workspace">;

async function runOne(target: Target, run: OneRun, reporter: Reporter): Promise<Outcome> {
  const { name } = target;
  const started = performance.now();
  const onEvent = (event: RunEvent): void =>
    match(event)
      .with({ kind: "stage" }, (stage) => reporter.stage(name, stage.name))
      .with({ kind: "fact" }, ({ fact }) => reporter.fact(name, fact))
      .with({ kind: "output" }, ({ line }) => reporter.output(name, line))
      .exhaustive();
  reporter.start(name);
  const outcome = await attempt(target, { ...run, onEvent });
  reporter.end(name, outcome, (performance.now() - started) / 1000);
  return outcome;
}

async function attempt(target: Target, run: TargetRun): Promise<Outcome> {
  try {
    return await target.run(run);
  } catch (error) {
    // A stop is one error for the whole run, whatever the target made of it.
    return run.signal.aborted ? stopped(run.signal) : { ok: false, error: reportOf(error) };
  }
}

function stopped({ reason }: AbortSignal): Outcome {
  return { ok: false, error: reportOf(reason) };
}
