// Which file the other process runs: the bundle that runs now, or the program beside this file.

import { ownModule, RUNS_FROM_SOURCE } from "../bundle/own-files.ts";

/** Set in the other process only, to the number of the process that asks it. */
const ASKER = "IOMMUKIT_OTHER_PROCESS";

/** Whether a bundle is to serve instead of running its program. */
export const IS_OTHER_PROCESS: boolean = process.env[ASKER] !== undefined;

/** The process that started this one: when it is no longer the parent, it is gone. */
export function asker(): number {
  return Number(process.env[ASKER] ?? process.ppid);
}

/** How the other process is started: arguments of Node, and its environment. */
export interface Entry {
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
}

let bundle: string | undefined;

/** Called by the runner, whose bundle serves when it is started as the other process. */
export function servedByBundle(file: string | undefined): void {
  bundle = file;
}

export function entry(): Entry {
  const env = { ...process.env, [ASKER]: String(process.pid) };
  if (bundle !== undefined) return { args: [bundle], env };
  const source = RUNS_FROM_SOURCE ? ["--conditions=@iommukit/source"] : [];
  return { args: [...source, ownModule("other-process/program")], env };
}
