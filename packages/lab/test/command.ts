// The command as a user starts it: a process of its own.

import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";
import { errnoOf } from "../src/errors.ts";

const SOURCE = fileURLToPath(new URL("../src/main.ts", import.meta.url));
const BUILT = fileURLToPath(new URL("../bin/iommukit.mjs", import.meta.url));

/** From source where Node strips types by itself (23.6 and later), else as it was built. */
const START: readonly string[] =
  Number(process.versions.node.split(".")[0]) >= 24
    ? ["--conditions=@iommukit/source", SOURCE]
    : [BUILT];

export interface Ended {
  readonly status: number | null;
  readonly signal: string | null;
  readonly out: string;
  readonly err: string;
}

export interface RunningCommand {
  readonly process: ChildProcess;
  readonly ended: Promise<Ended>;
  /** Settles at the first line of standard output. */
  readonly firstLine: Promise<string>;
}

export function startCommand(
  words: readonly string[],
  env: NodeJS.ProcessEnv = {},
): RunningCommand {
  const child = spawn(process.execPath, [...START, ...words], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, ...env },
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  const text = { out: "", err: "" };
  child.stderr.on("data", (chunk: Buffer) => {
    text.err += chunk.toString();
  });
  const ended = new Promise<Ended>((settle, reject) => {
    child.once("error", reject);
    child.once("close", (status, signal) => settle({ status, signal, ...text }));
  });
  const firstLine = new Promise<string>((settle) => {
    child.stdout.on("data", (chunk: Buffer) => {
      text.out += chunk.toString();
      const end = text.out.indexOf("\n");
      if (end >= 0) settle(text.out.slice(0, end));
    });
  });
  return { process: child, ended, firstLine };
}

/** Settles when no process of this number runs any more. */
export async function gone(pid: number): Promise<void> {
  while (isRunning(pid)) await new Promise((settle) => setTimeout(settle, 10));
}

/** What has ended and waits to be noticed by its parent (a zombie) runs no more. */
function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !/^\d+ \(.*\) Z /s.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch (error) {
    // Without procfs the signal's answer has to do.
    return process.platform !== "linux" && errnoOf(error) === "ENOENT";
  }
}
