// A terminal that keeps what is written to it.

import type { Terminal } from "../src/report/terminal.ts";

export interface RecordingTerminal extends Terminal {
  readonly output: () => string;
  readonly errors: () => string;
  /** Each line of standard output as JSON. */
  readonly jsonLines: () => unknown[];
}

export function recordingTerminal(live = false): RecordingTerminal {
  const written = { out: "", err: "" };
  return {
    live,
    columns: 60,
    out: (text) => {
      written.out += text;
    },
    err: (text) => {
      written.err += text;
    },
    style: (_style, text) => (live ? `\u001b[1m${text}\u001b[0m` : text),
    output: () => written.out,
    errors: () => written.err,
    jsonLines: () =>
      written.out
        .split("\n")
        .filter((line) => line !== "")
        .map((line): unknown => JSON.parse(line)),
  };
}
