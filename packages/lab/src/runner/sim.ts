// The runner's world on a simulated host, in the program's own process.

import type { RunnerSettings } from "../protocol/message.ts";
import { openSimulated } from "../sim/machines.ts";
import { type LoadProgram, startRunner, type World } from "./runner.ts";

export function startSimulated(load: LoadProgram): void {
  startRunner(open, load);
}

function open({ target, seed }: RunnerSettings): World {
  return { ...openSimulated(target, seed), close: () => undefined };
}
