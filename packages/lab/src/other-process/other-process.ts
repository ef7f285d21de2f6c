// A second process that shares open files with this one, as after a fork, and makes calls when asked.
//
// For what Linux decides by process: whose locked memory a mapping counts against, and what stays when
// the process that mapped is gone. Calls block, like those of the port. The other process has memory
// and limits of its own; with a limit it also lacks CAP_IPC_LOCK, which would lift it.
// Rests on fork(2) and dup2(2) as Node's `spawn` makes them, prlimit(1) and setpriv(1).

import { type ChildProcess, type StdioOptions, spawn, spawnSync } from "node:child_process";
import { closeSync, mkdtempSync, openSync, readSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { KernelPort, MapMemoryRequest } from "@iommukit/core";
import { isGoneIn, isRunning, kill } from "./end.ts";
import { entry } from "./entry.ts";
import { type Answer, fromHex, pause, type Question, toHex } from "./message.ts";

export interface OtherProcessOptions {
  /** Descriptors of this process that the other one has under the same numbers; none below 3. */
  readonly descriptors: readonly number[];
  /** RLIMIT_MEMLOCK in bytes. Default: this process's limit and privileges. */
  readonly lockedMemoryLimit?: number;
  /** How long is waited for it. Default what an emulated machine on a busy one needs, and more. */
  readonly patience?: Partial<Patience>;
}

/** Milliseconds after which the other process is given up, and killed. */
export interface Patience {
  /** Until it can be asked. */
  readonly start: number;
  /** For each answer. */
  readonly answer: number;
  /** For it to end when it was told to. */
  readonly exit: number;
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
  /**
   * Ends it, by force when it does not end by itself. When this returns, its descriptors are closed and
   * its memory is unmapped. Throws when even the kernel does not end it.
   */
  exit(): void;
}

const PATIENCE: Patience = { start: 180_000, answer: 60_000, exit: 60_000 };
const CHUNK = 65_536;

/** Whether the programs are here, and run here, that give another process limits of its own. */
export function canLimitOtherProcess(): boolean {
  return ["prlimit", "setpriv"].every((name) => spawnSync(name, ["--version"]).status === 0);
}

/**
 * Starts the other process and waits until it can be asked. Throws when it cannot be started. No failure, here
 * or of a call, leaves it running: it would keep the descriptors that it shares.
 */
export function startOtherProcess(options: OtherProcessOptions): OtherProcess {
  const patience = { ...PATIENCE, ...options.patience };
  const { child, conversation } = openConversation(options);
  let running = true;
  const end = (action: () => void): void => {
    running = false;
    try {
      action();
    } finally {
      conversation.close();
    }
  };
  const converse = (milliseconds: number, question?: Question): Answer => {
    try {
      if (question !== undefined) conversation.say(question);
      return conversation.answer(milliseconds);
    } catch (error) {
      end(() => kill(child, error));
      throw error;
    }
  };
  converse(patience.start);
  const port = portOf((question) => {
    if (!running) throw new Error("the other process has ended");
    return converse(patience.answer, question);
  });
  return {
    port,
    exit() {
      if (!running) return;
      end(() => {
        if (!(conversation.isTold({ call: "exit" }) && isGoneIn(child, patience.exit))) kill(child);
      });
    },
  };
}

/** The child, and what is said with it; neither if one of them cannot be had. */
function openConversation(options: OtherProcessOptions): {
  readonly child: ChildProcess;
  readonly conversation: Conversation;
} {
  const { questions, answers, ask, hear } = openPipes();
  try {
    const child = start(options, questions, answers);
    return { child, conversation: new Conversation(ask, hear, () => isRunning(child)) };
  } catch (error) {
    closeSync(ask);
    closeSync(hear);
    throw error;
  } finally {
    closeSync(questions);
    closeSync(answers);
  }
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

  /** As `say`; false where that cannot be written, such as on a full disk. */
  isTold(question: Question): boolean {
    try {
      this.say(question);
      return true;
    } catch {
      return false;
    }
  }

  /** Waits for the next answer. Throws when the other process is gone, or hangs. */
  answer(milliseconds: number): Answer {
    const deadline = performance.now() + milliseconds;
    for (let looks = 0; ; looks++) {
      this.#unread += this.#read();
      const end = this.#unread.indexOf("\n");
      if (end >= 0) {
        const line = this.#unread.slice(0, end);
        this.#unread = this.#unread.slice(end + 1);
        // cast: serve.ts wrote it, from this type.
        return JSON.parse(line) as Answer;
      }
      if (performance.now() > deadline) break;
      pause(looks);
    }
    throw new Error(`the other process has not answered for ${milliseconds / 1000} s`);
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
