// Gives a job to a process with another kernel, in a guest or on this machine, and reads its results.

import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { match } from "ts-pattern";
import { ownModule } from "../bundle/own-files.ts";
import { type RunnerSettings, SETTINGS_VARIABLE } from "../protocol/message.ts";
import { type GuestResult, kernelTroubles, runInGuest } from "../qemu/index.ts";
import { withRunFolder } from "../qemu/run-folder.ts";
import { createSession, type Ending, type Outcome, type RunEvent } from "../run/session.ts";
import { newNonce, type Workspace, withWorkspace } from "../run/workspace.ts";
import type { OwnKernel, Target } from "../targets/target.ts";
import { guestHardware } from "./guest-hardware.ts";
import type { Job, JobFact } from "./job.ts";

export interface JobRun {
  /** `qemu/…`, or `host`. */
  readonly target: string;
  readonly timeoutSeconds: number;
  readonly kernel: OwnKernel | undefined;
  readonly signal: AbortSignal;
  readonly onFact: (fact: JobFact) => void;
  /** A line that the process printed: never expected. */
  readonly onLine: (line: string) => void;
}

export interface JobEnd {
  /** Lines in which the kernel complained. */
  readonly troubles: readonly string[];
  /** Why the job did not finish. */
  readonly failure: string | undefined;
}

/** Valid errors: those of `runInGuest`. */
export async function inGuest(job: Job, run: JobRun): Promise<JobEnd> {
  return await withProgram(job, async (workspace) => {
    const { file, koffi, stacks } = await workspace.prepare("linux");
    const nonce = newNonce();
    const onEvent = (event: RunEvent): void => passOn(event, run);
    const session = createSession({ nonce, stacks, onEvent });
    const settings: RunnerSettings = {
      target: run.target,
      nonce,
      bind: "test-devices",
      lifeline: false,
    };
    const result = await runInGuest({
      ...run,
      program: file,
      koffi,
      env: { [SETTINGS_VARIABLE]: JSON.stringify(settings) },
      qemuArguments: guestHardware(run.target),
      onLine: session.stdout,
      onErrorLine: session.stderr,
    });
    const troubles = kernelTroubles(result.consoleLog).map(({ line }) => line);
    return { troubles, failure: failureOf(session.outcome(ending(result, run.timeoutSeconds))) };
  });
}

/** The kernel's log is not read: on a machine of one's own it tells of much else. */
export function inTarget(target: Target) {
  return async (job: Job, run: JobRun): Promise<JobEnd> =>
    await withProgram(job, async (workspace) => {
      const onEvent = (event: RunEvent): void => passOn(event, run);
      const outcome = await target.run({ ...run, workspace, seed: undefined, onEvent });
      return { troubles: [], failure: failureOf(outcome) };
    });
}

async function withProgram<Result>(
  job: Job,
  work: (workspace: Workspace) => Promise<Result>,
): Promise<Result> {
  return await withRunFolder(async (folder) => {
    const jobFile = join(folder, "job.json");
    const program = join(folder, "differ.mjs");
    await writeFile(jobFile, JSON.stringify(job));
    await writeFile(program, entry(jobFile));
    return await withWorkspace(program, work);
  });
}

function entry(jobFile: string): string {
  return [
    `import { guestProgram } from ${JSON.stringify(ownModule("differ/guest-program"))};`,
    `export default guestProgram(${JSON.stringify(jobFile)});`,
  ].join("\n");
}

function passOn(event: RunEvent, { onFact, onLine }: JobRun): void {
  match(event)
    .with({ kind: "stage" }, () => undefined)
    // cast: guest-program.ts logs nothing else.
    .with({ kind: "fact" }, ({ fact }) => onFact(fact as unknown as JobFact))
    .with({ kind: "output" }, ({ line }) => onLine(line))
    .exhaustive();
}

function failureOf(outcome: Outcome): string | undefined {
  return outcome.ok ? undefined : outcome.error.message;
}

const EVIDENCE_LINES = 8;

function ending(result: GuestResult, seconds: number): Ending {
  const { outcome, exitCode, consoleLog, qemuOutput } = result;
  const lines = consoleLog.split("\n").filter((line) => line.trim() !== "");
  const evidence = [...lines.slice(-EVIDENCE_LINES), ...qemuOutput.split("\n")];
  return match(outcome)
    .returnType<Ending>()
    .with("exited", () => ({ how: "exited", status: exitCode ?? 0 }))
    .with("timed-out", () => ({ how: "timed-out", seconds, evidence }))
    .with("died", () => ({ how: "died", evidence }))
    .exhaustive();
}
