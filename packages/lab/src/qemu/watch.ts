/**
 * Follows a guest from its start to its end and makes a result of what was seen.
 */

import { outputReader, parseGuestEvent } from "./channel.ts";
import { boundedLog, type Log } from "./console.ts";
import { aborted, QemuError } from "./errors.ts";
import { type Ended, type Guest, startGuest } from "./guest.ts";
import { END_MARK } from "./init.ts";
import { lineReader } from "./lines.ts";

export interface Listeners {
  /** Each line that the program writes to its standard output, as it comes. */
  readonly onLine?: ((line: string) => void) | undefined;
  /** Each line of its standard error. */
  readonly onErrorLine?: ((line: string) => void) | undefined;
  /** Each line of the kernel's console. */
  readonly onConsole?: ((line: string) => void) | undefined;
}

export interface Stage {
  /** "kernel", "modules", "mounts", "job": what was complete by then. */
  readonly name: string;
  /** Since the guest's kernel took over. */
  readonly uptime: number;
}

export interface GuestResult {
  /**
   * - `exited`: the program ended by itself; `exitCode` says how.
   * - `timed-out`: it did not, and QEMU was killed.
   * - `died`: the guest ended before the program did; the console's last lines say why.
   */
  readonly outcome: "exited" | "timed-out" | "died";
  /** 128 + n if the program was ended by signal n; null unless it ended by itself. */
  readonly exitCode: number | null;
  readonly timedOut: boolean;
  /** From QEMU's start to its end. */
  readonly seconds: number;
  readonly stages: readonly Stage[];
  /** The kernel's console; the middle is dropped if it is very long. */
  readonly consoleLog: string;
  /** The program's standard error, kept in the same way. */
  readonly errorOutput: string;
  /** What QEMU itself had to say; empty as a rule. */
  readonly qemuOutput: string;
  /** The whole command line, for evidence and for repeating the run by hand. */
  readonly command: readonly string[];
}

export interface WatchRequest {
  readonly qemu: string;
  readonly args: readonly string[];
  readonly nonce: string;
  readonly timeoutSeconds: number;
  readonly signal: AbortSignal | undefined;
  readonly listeners: Listeners;
}

/** What has been seen of one guest so far. */
interface Seen {
  readonly console: Log;
  readonly errors: Log;
  readonly stages: Stage[];
  failure?: { readonly step: string; readonly detail: string };
  exitCode?: number;
  /** Of three: standard output, standard error, the console. */
  outputsEnded: number;
  timedOut: boolean;
}

/** Valid errors: `qemu-failed`, `guest-setup-failed`, `aborted`. */
export async function watchGuest(request: WatchRequest): Promise<GuestResult> {
  const { timeoutSeconds, signal } = request;
  if (signal?.aborted) throw aborted("starting a guest", signal);
  const started = performance.now();
  const seen: Seen = {
    console: boundedLog(),
    errors: boundedLog(),
    stages: [],
    outputsEnded: 0,
    timedOut: false,
  };
  const guest = start(request, seen);
  const timer = setTimeout(() => {
    seen.timedOut = true;
    guest.kill();
  }, timeoutSeconds * 1000);
  signal?.addEventListener("abort", guest.kill, { once: true });
  try {
    const ended = await guest.ended;
    if (signal?.aborted) throw aborted("running a guest", signal);
    return judge(request, seen, ended, (performance.now() - started) / 1000);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", guest.kill);
  }
}

function start({ qemu, args, nonce, listeners }: WatchRequest, seen: Seen): Guest {
  // Nothing is left to be said, and a guest that powers off itself takes 2 s for it.
  const killIfComplete = (): void => {
    if (seen.exitCode !== undefined && seen.outputsEnded === 3) guest.kill();
  };
  const consoleEnd = `${END_MARK}${nonce}`;
  const output = (onLine: (line: string) => void) =>
    outputReader({
      nonce,
      onLine,
      onEnd: () => {
        seen.outputsEnded += 1;
        killIfComplete();
      },
    });
  const guest = startGuest({
    qemu,
    args,
    readers: {
      status: lineReader((line) => {
        record(line, seen);
        killIfComplete();
      }),
      stdout: output((line) => listeners.onLine?.(line)),
      stderr: output((line) => {
        seen.errors.add(line);
        listeners.onErrorLine?.(line);
      }),
      console: lineReader((line) => {
        const [said = "", ...behind] = line.split(consoleEnd);
        if (behind.length === 0 || said !== "") {
          seen.console.add(said);
          listeners.onConsole?.(said);
        }
        if (behind.length === 0) return;
        seen.outputsEnded += 1;
        killIfComplete();
      }),
    },
  });
  return guest;
}

function record(line: string, seen: Seen): void {
  const event = parseGuestEvent(line);
  if (event?.event === "stage") seen.stages.push({ name: event.name, uptime: event.uptime });
  if (event?.event === "failed") seen.failure = { step: event.step, detail: event.detail };
  if (event?.event === "exit") seen.exitCode = event.status;
}

function judge(request: WatchRequest, seen: Seen, ended: Ended, seconds: number): GuestResult {
  const { exitCode, timedOut, failure } = seen;
  if (failure !== undefined) throw setupFailed(seen, failure);
  const silent = seen.stages.length === 0 && seen.console.text() === "";
  if (silent && !timedOut) throw neverBooted(request, ended);
  return {
    outcome: outcomeOf(seen),
    exitCode: exitCode ?? null,
    timedOut: exitCode === undefined && timedOut,
    seconds,
    stages: seen.stages,
    consoleLog: seen.console.text(),
    errorOutput: seen.errors.text(),
    qemuOutput: ended.stderr,
    command: [request.qemu, ...request.args],
  };
}

function outcomeOf({ exitCode, timedOut }: Seen): GuestResult["outcome"] {
  if (exitCode !== undefined) return "exited";
  return timedOut ? "timed-out" : "died";
}

function setupFailed(seen: Seen, { step, detail }: { step: string; detail: string }): QemuError {
  return new QemuError("guest-setup-failed", `The guest could not be set up: ${step}.`, {
    facts: { step, detail, console: seen.console.last(20).join("\n") },
    hint: "do the modules belong to the kernel? If it is one of ours, set it up again",
  });
}

function neverBooted({ qemu, args }: WatchRequest, { status, signal, stderr }: Ended): QemuError {
  return new QemuError("qemu-failed", "QEMU ended before the kernel said anything.", {
    facts: { stderr, status: status ?? signal ?? "unknown", command: [qemu, ...args].join(" ") },
    hint: "QEMU's own message above has the reason; an old QEMU may lack the emulated IOMMU",
  });
}
