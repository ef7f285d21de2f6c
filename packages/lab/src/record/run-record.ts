// Records a program on a target, and replays recordings, from the command's side.

import { writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { checkProgram } from "../bundle/bundle.ts";
import { ownModule } from "../bundle/own-files.ts";
import { type SimulatedKind, simulatorOf } from "../differ/simulate.ts";
import { LabError } from "../errors.ts";
import { withRunFolder } from "../qemu/run-folder.ts";
import { withWorkspace } from "../run/workspace.ts";
import type { Target, TargetRun } from "../targets/target.ts";
import type { Recorded, RecordedCall, RecordingHead } from "./format.ts";
import { type Mismatch, replay } from "./replayer.ts";

export type HowToRun = Pick<TargetRun, "timeoutSeconds" | "seed" | "kernel" | "signal">;

export interface Replayed {
  readonly calls: number;
  readonly mismatches: readonly Mismatch[];
}

/** Valid errors: those of the program's file, and `program-threw` and its like when it failed. */
export async function record(file: string, target: Target, how: HowToRun): Promise<Recorded> {
  const program = await checkProgram(file);
  let head: RecordingHead | undefined;
  const calls: RecordedCall[] = [];
  await runOwn(importing("recordProgram", `(await import(${JSON.stringify(program)})).default`), {
    target,
    how,
    onFact: (fact) => {
      // cast: guest-programs.ts logs a head, and then nothing but calls.
      if ("head" in fact) head = fact["head"] as RecordingHead;
      // cast: as above.
      else calls.push(...(fact["calls"] as readonly RecordedCall[]));
    },
  });
  if (head === undefined) throw new LabError("unexpected", "the recording has no head");
  return { head, calls };
}

/** On the simulated machine that is built as the recorded one was. */
export async function replaySimulated(
  { head, calls }: Recorded,
  kind: SimulatedKind,
): Promise<Replayed> {
  const { port, devices } = simulatorOf(kind)(head.environment);
  // The groups of one device each come first here; recorded programs use those.
  const mismatches = await replay({ port, devices, calls, pause: () => undefined });
  return { calls: calls.length, mismatches };
}

export async function replayOn(file: string, target: Target, how: HowToRun): Promise<Replayed> {
  const mismatches: Mismatch[] = [];
  let calls = 0;
  await runOwn(importing("replayProgram", JSON.stringify(resolve(file))), {
    target,
    how,
    onFact: (fact) => {
      // cast: guest-programs.ts logs nothing else.
      if ("mismatch" in fact) mismatches.push(fact["mismatch"] as Mismatch);
      else calls = Number(fact["replayed"]);
    },
  });
  return { calls, mismatches };
}

interface OwnRun {
  readonly target: Target;
  readonly how: HowToRun;
  readonly onFact: (fact: Readonly<Record<string, unknown>>) => void;
}

async function runOwn(code: string, { target, how, onFact }: OwnRun): Promise<void> {
  await withRunFolder(async (folder) => {
    const file = join(folder, "program.mjs");
    await writeFile(file, code);
    const outcome = await withWorkspace(file, (workspace) =>
      target.run({
        ...how,
        workspace,
        onEvent: (event) => {
          if (event.kind === "fact") onFact(event.fact);
        },
      }),
    );
    if (outcome.ok) return;
    const { message, hint } = outcome.error;
    throw new LabError("program-threw", message, { hint });
  });
}

function importing(name: string, argument: string): string {
  return [
    `import { ${name} } from ${JSON.stringify(ownModule("record/guest-programs"))};`,
    `export default ${name}(${argument});`,
  ].join("\n");
}
