// What a target is: a machine that a program can be run on, real or not.

import type { RunnerKind } from "../bundle/bundle.ts";
import type { Outcome, RunEvent } from "../run/session.ts";
import type { Workspace } from "../run/workspace.ts";

export type Readiness =
  | { readonly ready: true; readonly detail?: string }
  | { readonly ready: false; readonly reason: string; readonly hint: string };

/** A kernel of the user's own, instead of the one that was set up. */
export interface OwnKernel {
  readonly image: string;
  readonly modulesDir: string;
}

export interface TargetRun {
  readonly workspace: Workspace;
  readonly timeoutSeconds: number;
  readonly seed: number | undefined;
  readonly kernel: OwnKernel | undefined;
  /** What the clocks of an emulated machine count; others have their own. Default host. */
  readonly clock?: "host" | "instructions";
  /** After those of the machine; for those that are no emulated machines nothing. */
  readonly qemuArguments?: readonly string[];
  readonly signal: AbortSignal;
  readonly onEvent: (event: RunEvent) => void;
}

export interface Target {
  /** As in `--on`. */
  readonly name: string;
  /** The processor that programs run on, as Node's process.arch calls it; none: this machine's. */
  readonly arch?: string;
  /** Which world its runner opens. */
  readonly kind: RunnerKind;
  readonly summary: string;
  /** What it takes to use it, in words. */
  readonly needs: string;
  /** Whether it can be used here and now. Changes nothing. */
  readiness(): Promise<Readiness>;
  /** Throws what kept the program from being run at all; what the program did is the outcome. */
  run(run: TargetRun): Promise<Outcome>;
}
