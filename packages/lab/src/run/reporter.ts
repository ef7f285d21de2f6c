// What a run is told as it happens, whether to people or to programs.

import type { Fact } from "../protocol/message.ts";
import type { Outcome } from "./session.ts";

export interface Reporter {
  start(target: string): void;
  stage(target: string, name: string): void;
  fact(target: string, fact: Fact): void;
  /** A line that the program printed; never mixed with the facts. */
  output(target: string, line: string): void;
  end(target: string, outcome: Outcome, seconds: number): void;
  /** The run was stopped before this target's turn. */
  notRun(target: string, outcome: Outcome): void;
  /** After the last target, also when the run was stopped. */
  close(): void;
}
