// `iommukit record FILE --on TARGET`: every call that a program makes, with its answer, as text.

import { writeFile } from "node:fs/promises";
import { LabError } from "../errors.ts";
import { printRecording } from "../record/format.ts";
import { record } from "../record/run-record.ts";
import type { Invocation } from "./command.ts";
import { text } from "./options.ts";
import { howToRun, oneTarget } from "./record-options.ts";

export async function runRecord(invocation: Invocation): Promise<number> {
  const { args, options, terminal } = invocation;
  const target = oneTarget(invocation, "record");
  const recorded = await record(args[0] ?? "", target, howToRun(invocation));
  const out = text(options, "out");
  if (out === undefined) terminal.out(printRecording(recorded));
  else {
    await written(out, printRecording(recorded));
    terminal.err(`${recorded.calls.length} calls recorded in ${out}\n`);
  }
  return 0;
}

async function written(file: string, content: string): Promise<void> {
  try {
    await writeFile(file, content);
  } catch (cause) {
    throw new LabError("invalid-option", `--out ${file} cannot be written`, { cause });
  }
}
