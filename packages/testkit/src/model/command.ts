// A step of a history: data that reads as a sentence, acts on the library and moves the model.

import type fc from "fast-check";
import type { World } from "./world.ts";

export interface Command {
  run(world: World): void | Promise<void>;
  /** A sentence for people: histories are printed with it. */
  toString(): string;
}

/** A kind of command: how often it comes, and how one is drawn. */
export interface CommandKind {
  readonly name: string;
  readonly weight: number;
  readonly arbitrary: fc.Arbitrary<Command>;
}

/** A command from its sentence and its act. */
export function command(sentence: string, run: Command["run"]): Command {
  return { run, toString: () => sentence };
}
