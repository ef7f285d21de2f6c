// The other process: a program of its own that makes the calls it is asked for, until it is told to end.
//
// Started by ./other-process.ts with questions on standard input, answers on standard output, and the
// descriptors that it shares under their numbers. It ends when the process that asks is gone. Memory that it maps is
// its own, and goes with it.
// In a guest it comes out of the bundle that runs already: reading its modules one by one from the
// host's files takes 8 of 9.5 s there.

import { readSync, writeSync } from "node:fs";
import type { HostMemory, KernelPort } from "@iommukit/core";
import { linuxHost } from "@iommukit/host-linux";
import { asker } from "./entry.ts";
import { type Answer, fromHex, pause, type Question, toHex } from "./message.ts";

const QUESTIONS = 0;
const ANSWERS = 1;
const CHUNK = 65_536;

/** Answers questions until there are none. */
export function serve(): void {
  const answerTo = answering(linuxHost());
  const lines = new Lines();
  say({ result: 0 });
  for (let line = lines.next(); line !== undefined; line = lines.next()) {
    // cast: the process that started this one wrote it, from this type.
    const question = JSON.parse(line) as Question;
    if (question.call === "exit") return;
    say(answerTo(question));
  }
}

type Call = Exclude<Question, { readonly call: "exit" }>;

function answering(port: KernelPort): (question: Call) => Answer {
  const memories = new Map<string, HostMemory>();
  const kept = (memory: HostMemory | number): Answer => {
    if (typeof memory === "number") return { result: memory };
    const address = String(memory.address);
    memories.set(address, memory);
    return { result: 0, address };
  };
  return (question) => {
    switch (question.call) {
      case "ioctl":
        return ioctl(port, question);
      case "mapMemory":
        return kept(port.mapMemory({ length: question.length, protection: question.protection }));
      case "unmapMemory": {
        const result = memories.get(question.address)?.close() ?? 0;
        memories.delete(question.address);
        return { result };
      }
      case "readText":
        return { result: port.readText(question.path) };
    }
  };
}

function ioctl(
  port: KernelPort,
  { fd, request, argument }: Extract<Question, { readonly call: "ioctl" }>,
): Answer {
  if (typeof argument === "number") return { result: port.ioctl(fd, request, argument) };
  const bytes = fromHex(argument);
  return { result: port.ioctl(fd, request, bytes), bytes: toHex(bytes) };
}

function say(answer: Answer): void {
  writeSync(ANSWERS, `${JSON.stringify(answer)}\n`);
}

class Lines {
  readonly #chunk = Buffer.alloc(CHUNK);
  readonly #asker = asker();
  #unread = "";

  /** The next question; undefined when nobody can ask any more. */
  next(): string | undefined {
    for (let looks = 0; ; looks++) {
      const end = this.#unread.indexOf("\n");
      if (end >= 0) {
        const line = this.#unread.slice(0, end);
        this.#unread = this.#unread.slice(end + 1);
        return line;
      }
      const read = readSync(QUESTIONS, this.#chunk, 0, CHUNK, null);
      if (read === 0 && process.ppid !== this.#asker) return undefined;
      if (read === 0) pause(looks);
      this.#unread += this.#chunk.toString("utf8", 0, read);
    }
  }
}
