/**
 * One running QEMU: its streams, and its certain end.
 *
 * QEMU never outlives this process. In order of preference: it is killed by the caller; by our
 * exit and signal handlers; by the kernel, when even those did not run (SIGKILL), because
 * it was asked to (bound.ts); and by the guest itself, which powers off when the host hangs up.
 */

import { type ChildProcess, spawn } from "node:child_process";
import { Duplex } from "node:stream";
import { bound } from "./bound.ts";
import { QemuError } from "./errors.ts";
import { atProcessEnd } from "./last-resort.ts";
import type { LineReader } from "./lines.ts";
import { CHANNELS } from "./machine.ts";

/** In the order of their descriptors, which follow standard error. */
const CHANNEL_NAMES = ["status", "stdout", "stderr", "console"] as const;

type Channel = (typeof CHANNEL_NAMES)[number];

export interface GuestOptions {
  readonly qemu: string;
  readonly args: readonly string[];
  /** Where what comes out of each channel goes. */
  readonly readers: Readonly<Record<Channel, LineReader>>;
}

export interface Ended {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  /** What QEMU itself said. */
  readonly stderr: string;
}

export interface Guest {
  /** Settles when QEMU is gone and all that came out of it has been read. */
  readonly ended: Promise<Ended>;
  readonly kill: () => void;
}

/** `ended` rejects with `qemu-failed` if the program cannot be started at all. */
export function startGuest(options: GuestOptions): Guest {
  const [program, args] = bound("KILL", options.qemu, options.args);
  const channels = CHANNEL_NAMES.map(() => "pipe" as const);
  const child = spawn(program, args, { stdio: ["ignore", "ignore", "pipe", ...channels] });
  const release = atProcessEnd(() => void child.kill("SIGKILL"));
  for (const channel of CHANNEL_NAMES) connect(child, CHANNELS[channel], options.readers[channel]);
  return {
    ended: end(child, options.qemu).finally(release),
    kill: () => void child.kill("SIGKILL"),
  };
}

function connect(child: ChildProcess, fd: number, reader: LineReader): void {
  // A reset is how a killed QEMU hangs up; `ended` tells what happened.
  stream(child, fd)
    ?.on("data", reader.push)
    .on("end", reader.end)
    .on("error", () => undefined);
}

/** Node makes these of socket pairs, which is what lets QEMU use them in both directions. */
function stream(child: ChildProcess, fd: number): Duplex | undefined {
  const channel = child.stdio[fd];
  return channel instanceof Duplex ? channel : undefined;
}

function end(child: ChildProcess, qemu: string): Promise<Ended> {
  const chunks: Buffer[] = [];
  child.stderr?.on("data", (chunk: Buffer) => chunks.push(chunk));
  return new Promise((resolve, reject) => {
    child.once("error", (cause) =>
      reject(
        new QemuError("qemu-failed", "QEMU could not be started.", { facts: { qemu }, cause }),
      ),
    );
    child.once("close", (status, signal) =>
      resolve({ status, signal, stderr: Buffer.concat(chunks).toString() }),
    );
  });
}
