// A second process that shares open files with this one, as after a fork, and makes calls when asked.
//
// For what Linux decides by process: whose locked memory a mapping counts against, and what stays when
// the process that mapped is gone. Calls block, like those of the port. The other process has memory
// and limits of its own; with a limit it also lacks CAP_IPC_LOCK, which would lift it.
// Rests on fork(2) and dup2(2) as Node's `spawn` makes them, prlimit(1) and setpriv(1).

import { type ChildProcess, type StdioOptions, spawn, spawnSync } from "node:child_process";
import {
  closeSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  rmSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { KernelPort, MapMemoryRequest } from "@iommukit/core";
import { entry } from "./entry.ts";
import { type Answer, fromHex, pause, type Question, toHex } from "./message.ts";

export interface OtherProcessOptions {
  /** Descriptors of this process that the other one has under the same numbers; none below 3. */
  readonly descriptors: readonly number[];
  /** RLIMIT_MEMLOCK in bytes. Default: this process's limit and privileges. */
  readonly lockedMemoryLimit?: number;
}

/** Memory of the other process: this one cannot see its bytes. */
export interface OtherMemory {
  readonly address: bigint;
  close(): number;
}

/** The calls that the other process makes, with the answers of its port. */
export interface OtherPort extends Pick<KernelPort, "ioctl" | "readText"> {
  mapMemory(request: Pick<MapMemoryRequest, "length" | "protection">): OtherMemory | number;
}

export interface OtherProcess {
  readonly port: OtherPort;
  /** Ends it. When this returns, its descriptors are closed and its memory is unmapped. */
  exit(): void;
}

/** An emulated machine takes seconds to start Node. */
const PATIENCE_MS = 60_000;
const CHUNK = 65_536;

/** Whether the programs are here, and run here, that give another process limits of its own. */
export function canLimitOtherProcess(): boolean {
  return ["prlimit", "setpriv"].every((name) => spawnSync(name, ["--version"]).status === 0);
}

/** Starts the other process and waits until it can be asked. Throws when it cannot be started. */
export function startOtherProcess(options: OtherProcessOptions): OtherProcess {
  const { questions, answers, ask, hear } = openPipes();
  const child = start(options, questions, answers);
  closeSync(questions);
  closeSync(answers);
  const conversation = new Conversation(ask, hear, () => isRunning(child.pid));
  conversation.answer();
  const port = portOf((question) => {
    conversation.say(question);
    return conversation.answer();
  });
  let running = true;
  return {
    port,
    exit() {
      if (!running) return;
      running = false;
      conversation.say({ call: "exit" });
      untilGone(child);
      conversation.close();
    },
  };
}

function portOf(call: (question: Question) => Answer): OtherPort {
  return {
    ioctl(fd, request, argument) {
      const isNumber = typeof argument === "number";
      const given = isNumber ? argument : toHex(argument);
      const { result, bytes } = call({ call: "ioctl", fd, request, argument: given });
      if (!isNumber && bytes !== undefined) argument.set(fromHex(bytes));
      return Number(result);
    },
    readText: (path) => call({ call: "readText", path }).result,
    mapMemory({ length, protection = "read-write" }) {
      const { result, address } = call({ call: "mapMemory", length, protection });
      if (address === undefined) return Number(result);
      return {
        address: BigInt(address),
        close: () => Number(call({ call: "unmapMemory", address }).result),
      };
    },
  };
}

interface Pipes {
  /** The child's ends. */
  readonly questions: number;
  readonly answers: number;
  /** Ours. */
  readonly ask: number;
  readonly hear: number;
}

/**
 * Two files that grow: Node reads pipes from its event loop only, and named ones need a program that
 * makes them, which a guest of another architecture has not.
 */
function openPipes(): Pipes {
  const folder = mkdtempSync(join(tmpdir(), "iommukit-process-"));
  const [asked, answered] = [join(folder, "questions"), join(folder, "answers")];
  const [ask, answers] = [openSync(asked, "a"), openSync(answered, "a")];
  const [questions, hear] = [openSync(asked, "r"), openSync(answered, "r")];
  rmSync(folder, { recursive: true });
  return { questions, answers, ask, hear };
}

function start(
  { descriptors, lockedMemoryLimit }: OtherProcessOptions,
  questions: number,
  answers: number,
): ChildProcess {
  if (descriptors.some((fd) => fd < 3)) throw new RangeError("0, 1 and 2 are the child's own");
  const numbers = Array.from({ length: Math.max(2, ...descriptors) + 1 }, (_, fd) => fd);
  const stdio: StdioOptions = numbers.map((fd) => (descriptors.includes(fd) ? fd : "ignore"));
  stdio.splice(0, 3, questions, answers, "inherit");
  const limit = lockedMemoryLimit === undefined ? [] : limited(lockedMemoryLimit);
  const { args, env } = entry();
  const [program = process.execPath, ...words] = [...limit, process.execPath, ...args];
  const child = spawn(program, words, { stdio, env });
  // Without a listener a program that is not there would end this process, later.
  child.on("error", () => undefined).unref();
  if (child.pid === undefined) throw new Error(`${program} cannot be started`);
  return child;
}

/**
 * Each replaces itself by the next, so that the child is one process. Only root has the capability, and
 * only root may take it out of the set that programs start with.
 */
function limited(bytes: number): readonly string[] {
  const limit = ["prlimit", `--memlock=${bytes}:${bytes}`];
  if (process.getuid?.() !== 0) return limit;
  return [...limit, "setpriv", "--bounding-set=-ipc_lock", "--inh-caps=-ipc_lock"];
}

class Conversation {
  readonly #ask: number;
  readonly #hear: number;
  readonly #lives: () => boolean;
  readonly #chunk = Buffer.alloc(CHUNK);
  #unread = "";

  constructor(ask: number, hear: number, lives: () => boolean) {
    this.#ask = ask;
    this.#hear = hear;
    this.#lives = lives;
  }

  say(question: Question): void {
    writeSync(this.#ask, `${JSON.stringify(question)}\n`);
  }

  /** Waits for the next answer. Throws when the other process is gone, or hangs. */
  answer(): Answer {
    const deadline = performance.now() + PATIENCE_MS;
    for (let end = -1; end < 0; ) {
      this.#unread += this.#read();
      end = this.#unread.indexOf("\n");
      if (end >= 0) {
        const line = this.#unread.slice(0, end);
        this.#unread = this.#unread.slice(end + 1);
        // cast: serve.ts wrote it, from this type.
        return JSON.parse(line) as Answer;
      }
      if (performance.now() > deadline) break;
      pause();
    }
    throw new Error(`the other process has not answered for ${PATIENCE_MS / 1000} s`);
  }

  /** What has come. The other side may have said its last before it was found gone. */
  #read(): string {
    const lives = this.#lives();
    const length = readSync(this.#hear, this.#chunk, 0, CHUNK, null);
    if (length === 0 && !lives) throw new Error("the other process ended by itself");
    return this.#chunk.toString("utf8", 0, length);
  }

  close(): void {
    closeSync(this.#ask);
    closeSync(this.#hear);
  }
}

/**
 * A process that ended and was not waited for yet has already let go of its memory and files; but its
 * first thread ends before the others, and those hold the same files.
 */
function untilGone({ pid }: ChildProcess): void {
  const deadline = performance.now() + PATIENCE_MS;
  while (isRunning(pid)) {
    if (performance.now() > deadline) throw new Error("the other process does not end");
    pause();
  }
}

function isRunning(pid: number | undefined): boolean {
  try {
    const state = /^State:\t(.)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
    return state !== "Z" || readdirSync(`/proc/${pid}/task`).length > 1;
  } catch {
    return false;
  }
}
