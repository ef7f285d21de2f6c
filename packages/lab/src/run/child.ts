// Runs a prepared program in a child process, which is certainly gone when this settles.

import { type ChildProcess, spawn } from "node:child_process";
import type { Readable } from "node:stream";
import { type RunnerSettings, SETTINGS_VARIABLE } from "../protocol/message.ts";
import { atProcessEnd } from "../qemu/last-resort.ts";
import { lineReader } from "../qemu/lines.ts";
import type { Ending, Session } from "./session.ts";
import { newNonce } from "./workspace.ts";

export interface ChildOptions {
  readonly file: string;
  readonly settings: Omit<RunnerSettings, "nonce" | "lifeline">;
  readonly timeoutSeconds: number;
  readonly signal: AbortSignal;
  readonly openSession: (nonce: string) => Session;
}

/** Rejects with the signal's reason when it was fired. */
export async function runChild(options: ChildOptions): Promise<ReturnType<Session["outcome"]>> {
  const { signal, timeoutSeconds } = options;
  signal.throwIfAborted();
  const nonce = newNonce();
  const session = options.openSession(nonce);
  const child = start(options, nonce);
  const kill = (): void => {
    if (isRunning(child)) killGroup(child);
  };
  const release = atProcessEnd(kill);
  const late = { timedOut: false };
  const timer = setTimeout(() => {
    late.timedOut = true;
    kill();
  }, timeoutSeconds * 1000);
  signal.addEventListener("abort", kill, { once: true });
  try {
    const ending = await follow(child, session);
    signal.throwIfAborted();
    const evidence = session.lastLines();
    return session.outcome(
      late.timedOut ? { how: "timed-out", seconds: timeoutSeconds, evidence } : ending,
    );
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", kill);
    release();
  }
}

/** In a process group of its own: Ctrl-C is ours to handle, and all of it can be ended at once. */
function start({ file, settings }: ChildOptions, nonce: string): ChildProcess {
  const all: RunnerSettings = { ...settings, nonce, lifeline: true };
  return spawn(process.execPath, [file], {
    stdio: ["ignore", "pipe", "pipe", "pipe"],
    detached: true,
    env: { ...process.env, [SETTINGS_VARIABLE]: JSON.stringify(all) },
  });
}

const DRAIN_MILLISECONDS = 1000;

function follow(child: ChildProcess, session: Session): Promise<Ending> {
  read(child.stdout, session.stdout);
  read(child.stderr, session.stderr);
  return new Promise((settle, reject) => {
    child.once("error", reject);
    child.once("exit", (status, signal) => {
      // What the program started and left running; it may hold the pipes open for ever.
      killGroup(child);
      const drained = setTimeout(() => destroyPipes(child), DRAIN_MILLISECONDS);
      child.once("close", () => {
        clearTimeout(drained);
        settle(
          signal === null ? { how: "exited", status: status ?? 0 } : { how: "signalled", signal },
        );
      });
    });
  });
}

function destroyPipes({ stdout, stderr }: ChildProcess): void {
  stdout?.destroy();
  stderr?.destroy();
}

function isRunning({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode === null && signalCode === null;
}

function read(stream: Readable | null, onLine: (line: string) => void): void {
  const reader = lineReader(onLine);
  stream?.on("data", reader.push).on("end", reader.end);
}

function killGroup({ pid }: ChildProcess): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // ESRCH: all of it is gone already.
  }
}
