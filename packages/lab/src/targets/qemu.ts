// Real kernels on emulated machines.

import { match } from "ts-pattern";
import { type RunnerSettings, SETTINGS_VARIABLE } from "../protocol/message.ts";
import {
  cacheRoot,
  DEFAULT_SUITE,
  findTool,
  type GuestResult,
  inspectGuestRoot,
  inspectKernel,
  isForeign,
  kernelTrouble,
  kernelTroubles,
  MACHINES,
  type Machine,
  type QemuError,
  remedy,
  rootTrouble,
  runInGuest,
  toolsOf,
} from "../qemu/index.ts";
import { createSession, type Ending, type Outcome } from "../run/session.ts";
import { newNonce } from "../run/workspace.ts";
import type { Readiness, Target, TargetRun } from "./target.ts";

export const QEMU_TARGETS: readonly Target[] = MACHINES.map((machine) => ({
  name: `qemu/${machine.target}`,
  kind: "linux",
  arch: machine.arch,
  summary: `real Linux kernel in QEMU: ${machine.summary}`,
  needs: `${toolsOf(machine)
    .map(({ name }) => name)
    .join(", ")}, and a kernel (iommukit setup)`,
  readiness: () => readiness(machine),
  run: (run) => runMachine(machine, run),
}));

async function readiness(machine: Machine): Promise<Readiness> {
  for (const tool of toolsOf(machine))
    if (findTool(tool) === undefined)
      return { ready: false, reason: `${tool.name} is not installed`, hint: remedy(tool) };
  const found = await inspectKernel(cacheRoot(), DEFAULT_SUITE, machine.kernelPackage);
  if (found.state !== "ready") return notReady(kernelTrouble(machine, found));
  const detail = found.kernel.release;
  if (!isForeign(machine)) return { ready: true, detail };
  const own = await inspectGuestRoot(cacheRoot(), DEFAULT_SUITE, machine.debianArchitecture);
  return own.state === "ready" ? { ready: true, detail } : notReady(rootTrouble(machine, own));
}

function notReady({ summary, hint = "run: iommukit setup" }: QemuError): Readiness {
  return { ready: false, reason: sentence(summary), hint };
}

/** As the reasons of other targets are written. */
function sentence(summary: string): string {
  return `${summary.charAt(0).toLowerCase()}${summary.slice(1).replace(/\.$/, "")}`;
}

async function runMachine(machine: Machine, run: TargetRun): Promise<Outcome> {
  const { timeoutSeconds, signal, onEvent } = run;
  const target = `qemu/${machine.target}`;
  const { file, koffi, stacks } = await run.workspace.prepare("linux");
  const nonce = newNonce();
  const session = createSession({ nonce, stacks, onEvent });
  const settings: RunnerSettings = { target, nonce, bind: "test-devices", lifeline: false };
  onEvent({ kind: "stage", name: "booting" });
  const result = await runInGuest({
    target,
    program: file,
    koffi,
    env: { [SETTINGS_VARIABLE]: JSON.stringify(settings) },
    kernel: run.kernel,
    clock: run.clock,
    qemuArguments: run.qemuArguments,
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
