// A reporter that keeps what it is told.

import type { Fact } from "../src/protocol/message.ts";
import type { Reporter } from "../src/run/reporter.ts";
import type { Outcome } from "../src/run/session.ts";

export interface RecordingReporter extends Reporter {
  readonly facts: { readonly target: string; readonly fact: Fact }[];
  readonly lines: string[];
  readonly ends: { readonly target: string; readonly outcome: Outcome; readonly seconds: number }[];
  readonly notRuns: { readonly target: string; readonly outcome: Outcome }[];
  readonly closed: () => number;
}

export function recordingReporter(onFact: () => void = () => undefined): RecordingReporter {
  const facts: RecordingReporter["facts"] = [];
  const lines: string[] = [];
  const ends: RecordingReporter["ends"] = [];
  const notRuns: RecordingReporter["notRuns"] = [];
  let closed = 0;
  return {
    facts,
    lines,
    ends,
    notRuns,
    closed: () => closed,
    start: () => undefined,
    stage: () => undefined,
    fact: (target, fact) => {
      facts.push({ target, fact });
      onFact();
    },
    output: (_target, line) => void lines.push(line),
    end: (target, outcome, seconds) => void ends.push({ target, outcome, seconds }),
    notRun: (target, outcome) => void notRuns.push({ target, outcome }),
    close: () => {
      closed += 1;
    },
  };
}
