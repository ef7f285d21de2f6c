// Real kernels on emulated machines.

import { match } from "ts-pattern";
import { type RunnerSettings, SETTINGS_VARIABLE } from "../protocol/message.ts";
import {
  BUSYBOX,
  cacheRoot,
  DEFAULT_SUITE,
  findTool,
  type GuestResult,
  inspectKernel,
  kernelTrouble,
  kernelTroubles,
  MACHINES,
  type Machine,
  remedy,
  runInGuest,
  XZ,
} from "../qemu/index.ts";
import { createSession, type Ending, type Outcome } from "../run/session.ts";
import { newNonce } from "../run/workspace.ts";
import type { Readiness, Target, TargetRun } from "./target.ts";

export const QEMU_TARGETS: readonly Target[] = MACHINES.map((machine) => ({
  name: `qemu/${machine.target}`,
  kind: "linux",
  summary: `real Linux kernel in QEMU: ${machine.summary}`,
  needs: `${machine.qemu.name}, ${BUSYBOX.name}, ${XZ.name}, and a kernel (iommukit setup)`,
  readiness: () => readiness(machine),
  run: (run) => runMachine(machine, run),
}));

async function readiness(machine: Machine): Promise<Readiness> {
  for (const tool of [machine.qemu, BUSYBOX, XZ])
    if (findTool(tool) === undefined)
      return { ready: false, reason: `${tool.name} is not installed`, hint: remedy(tool) };
  const found = await inspectKernel(cacheRoot(), DEFAULT_SUITE, machine.kernelPackage);
  if (found.state === "ready") return { ready: true, detail: found.kernel.release };
  const { summary, hint = "run: iommukit setup" } = kernelTrouble(machine, found);
  return { ready: false, reason: sentence(summary), hint };
}

/** As the reasons of other targets are written. */
function sentence(summary: string): string {
  return `${summary.charAt(0).toLowerCase()}${summary.slice(1).replace(/\.$/, "")}`;
}

async function runMachine(machine: Machine, run: TargetRun): Promise<Outcome> {
  const { timeoutSeconds, signal, onEvent } = run;
  const target = `qemu/${machine.target}`;
  const { file, stacks } = await run.workspace.prepare("linux");
  const nonce = newNonce();
  const session = createSession({ nonce, stacks, onEvent });
  const settings: RunnerSettings = { target, nonce, bind: "test-devices", lifeline: false };
  onEvent({ kind: "stage", name: "booting" });
  const result = await runInGuest({
    target,
    program: file,
    env: { [SETTINGS_VARIABLE]: JSON.stringify(settings) },
    kernel: run.kernel,
    timeoutSeconds,
    signal,
    onLine: session.stdout,
    onErrorLine: session.stderr,
  });
  // A kernel that complains makes no program fail, but nobody should miss it.
  for (const { line } of kernelTroubles(result.consoleLog))
    onEvent({ kind: "output", line: `guest kernel: ${line}` });
  return session.outcome(ending(result, timeoutSeconds));
}

const EVIDENCE_LINES = 8;
const TROUBLE_LINES = 3;

function ending(result: GuestResult, seconds: number): Ending {
  return match(result.outcome)
    .returnType<Ending>()
    .with("exited", () => ({ how: "exited", status: result.exitCode ?? 0 }))
    .with("timed-out", () => ({ how: "timed-out", seconds, evidence: evidence(result) }))
    .with("died", () => ({ how: "died", evidence: evidence(result) }))
    .exhaustive();
}

/** A panic's first line says why, and its last ones do not; a hang's last lines are all there is. */
function evidence({ consoleLog }: GuestResult): readonly string[] {
  const troubles = kernelTroubles(consoleLog).slice(0, TROUBLE_LINES);
  if (troubles.length > 0) return troubles.map(({ line }) => line);
  return consoleLog.split("\n").filter(isText).slice(-EVIDENCE_LINES);
}

function isText(line: string): boolean {
  return line.trim() !== "";
}
