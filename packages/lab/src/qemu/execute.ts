/**
 * Runs a helper program to its end and returns what it said.
 *
 * Programs are always named by full path and given an argument list: no shell, so no quoting.
 * Messages are asked for in English because some of them are read.
 */

import { spawn } from "node:child_process";
import { Readable } from "node:stream";
import { bound } from "./bound.ts";
import { aborted } from "./errors.ts";
import { atProcessEnd } from "./last-resort.ts";
import { lineReader } from "./lines.ts";

export interface ExecuteOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal | undefined;
  /** Called for each line that the program writes to descriptor 3. */
  readonly onStatus?: (line: string) => void;
}

export interface Executed {
  readonly status: number;
  readonly stdout: Buffer;
  readonly stderr: string;
}

/**
 * A non-zero status is returned, not thrown: only the caller knows what it means.
 *
 * Valid errors: `aborted`, after the program is gone.
 */
export async function execute(
  program: string,
  args: readonly string[],
  options: ExecuteOptions = {},
): Promise<Executed> {
  const { cwd, signal, onStatus } = options;
  if (signal?.aborted) throw aborted(`running ${program}`, signal);
  // SIGINT and not SIGKILL: apt then stamps its partial file, which is what makes it resumable.
  const child = spawn(...bound("INT", program, args), {
    stdio: ["ignore", "pipe", "pipe", onStatus ? "pipe" : "ignore"],
    env: { ...process.env, LC_ALL: "C", LANGUAGE: "C", ...options.env },
    ...(cwd === undefined ? {} : { cwd }),
  });
  const stop = (): void => void child.kill("SIGINT");
  const release = atProcessEnd(stop);
  signal?.addEventListener("abort", stop, { once: true });
  const stdout = collect(child.stdout);
  const stderr = collect(child.stderr);
  if (onStatus) readStatus(child.stdio[3], onStatus);
  try {
    const status = await new Promise<number>((resolve, reject) => {
      child.once("error", reject);
      child.once("close", (code) => resolve(code ?? -1));
    });
    if (signal?.aborted) throw aborted(`running ${program}`, signal);
    return { status, stdout: stdout(), stderr: stderr().toString() };
  } finally {
    release();
    signal?.removeEventListener("abort", stop);
  }
}

function collect(stream: Readable | null): () => Buffer {
  const chunks: Buffer[] = [];
  stream?.on("data", (chunk: Buffer) => chunks.push(chunk));
  return () => Buffer.concat(chunks);
}

function readStatus(stream: unknown, onStatus: (line: string) => void): void {
  if (!(stream instanceof Readable)) return;
  const reader = lineReader(onStatus);
  stream.on("data", reader.push).on("end", reader.end);
}
