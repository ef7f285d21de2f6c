// What a command of `iommukit` is: how it is called, and what it does.

import type { Terminal } from "../report/terminal.ts";

/** Options as they were written; a flag is `true`. */
export type OptionValues = Readonly<Record<string, string | true | undefined>>;

export interface Invocation {
  readonly args: readonly string[];
  readonly options: OptionValues;
  readonly json: boolean;
  readonly verbose: boolean;
  readonly terminal: Terminal;
  /** Fired by Ctrl-C and its like. */
  readonly signal: AbortSignal;
}

/** Answers the exit status; throws what is to be shown as an error. */
export type RunCommand = (invocation: Invocation) => Promise<number>;

export interface OptionSpec {
  /** Such as `--timeout <seconds>`. */
  readonly flags: string;
  readonly description: string;
  /** May be given several times; the values are then joined by commas. */
  readonly repeats?: true;
}

export interface CommandSpec {
  /** The name and its arguments, such as `run <file>`. */
  readonly usage: string;
  readonly description: string;
  readonly options: readonly OptionSpec[];
  readonly examples: readonly string[];
  /** Imports the command, which no other command should have to wait for. */
  readonly load: () => Promise<RunCommand>;
}
