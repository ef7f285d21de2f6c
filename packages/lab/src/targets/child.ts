// The common half of the targets whose program runs in a child process of this machine.

import type { RunnerKind } from "../bundle/bundle.ts";
import { runChild } from "../run/child.ts";
import { createSession, type Outcome } from "../run/session.ts";
import type { TargetRun } from "./target.ts";

export async function runHere(target: string, kind: RunnerKind, run: TargetRun): Promise<Outcome> {
  const { file, stacks } = await run.workspace.prepare(kind);
  const seed = run.seed === undefined ? {} : { seed: run.seed };
  return runChild({
    file,
    settings: { target, bind: "nothing", ...seed },
    timeoutSeconds: run.timeoutSeconds,
    signal: run.signal,
    openSession: (nonce) => createSession({ nonce, stacks, onEvent: run.onEvent }),
  });
}
