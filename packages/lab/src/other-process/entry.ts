// Which file the other process runs: the bundle that runs now, or the program beside this file.

import { ownModule, RUNS_FROM_SOURCE } from "../bundle/own-files.ts";

/** Set in the other process only: the bundle then serves instead of running its program. */
const ROLE = "IOMMUKIT_OTHER_PROCESS";

export const IS_OTHER_PROCESS: boolean = process.env[ROLE] === "1";

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
  if (bundle !== undefined) return { args: [bundle], env: { ...process.env, [ROLE]: "1" } };
  const source = RUNS_FROM_SOURCE ? ["--conditions=@iommukit/source"] : [];
  return { args: [...source, ownModule("other-process/program")], env: process.env };
}
