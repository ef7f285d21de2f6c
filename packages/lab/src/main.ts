// The `iommukit` command's process: its arguments, its streams, its signals, its exit status.
//
// A command that was stopped ends with 128 + n, n being the signal's number.

import { readFileSync } from "node:fs";
import { runCommandLine } from "./cli/command-line.ts";
import { watchInterrupts } from "./cli/interrupt.ts";
import { processTerminal } from "./report/terminal.ts";

const BROKEN_PIPE_STATUS = 141;

// Nobody reads any more (`| head`): stop, and let the exit handlers clean up.
process.stdout.on("error", () => process.exit(BROKEN_PIPE_STATUS));
const interrupts = watchInterrupts();
const status = await runCommandLine({
  words: process.argv.slice(2),
  version: version(),
  terminal: processTerminal(),
  signal: interrupts.signal,
});
process.exitCode = interrupts.status() ?? status;

function version(): string {
  const text = readFileSync(new URL("../package.json", import.meta.url), "utf8");
  // cast: this package's own file.
  return (JSON.parse(text) as { readonly version: string }).version;
}
