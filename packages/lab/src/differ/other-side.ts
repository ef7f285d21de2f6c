// The kernel that the simulator is compared with: in a guest, this machine's own, or a simulator again.

import { match } from "ts-pattern";
import { MACHINES } from "../qemu/index.ts";
import { HOST_TARGET } from "../targets/host.ts";
import type { OwnKernel } from "../targets/target.ts";
import type { Environment } from "./environment.ts";
import { countOf, type Job, type JobFact, sequenceOf } from "./job.ts";
import { inGuest, inTarget, type JobEnd, type JobRun } from "./run-job.ts";
import { type OpenSimulator, simulate, simulatedEnvironment } from "./simulate.ts";

/** Runs a job and tells each result as it comes. */
export type OtherSide = (job: Job, onFact: (fact: JobFact) => void) => Promise<JobEnd>;

export interface RealSide extends Omit<JobRun, "onFact" | "timeoutSeconds"> {
  readonly kernel: OwnKernel | undefined;
  /** Default: what a job of this length can need on a busy machine. */
  readonly timeoutSeconds: number | undefined;
}

const BOOT_SECONDS = 120;
/** Measured: 0.06 s in an x86 guest and 0.3 s in a POWER one; five times that on a machine with load 5. */
const SECONDS_PER_SEQUENCE = { x86: 0.5, power: 1.5 };

export function realSide({ timeoutSeconds, ...side }: RealSide): OtherSide {
  const run = match(side.target)
    .with("host", () => inTarget(HOST_TARGET))
    .otherwise(() => inGuest);
  return (job, onFact) =>
    run(job, {
      ...side,
      onFact,
      timeoutSeconds: timeoutSeconds ?? BOOT_SECONDS + secondsEach(side.target) * countOf(job),
    });
}

function secondsEach(name: string): number {
  const machine = MACHINES.find(({ target }) => name === `qemu/${target}`);
  return machine?.arch === "ppc64" ? SECONDS_PER_SEQUENCE.power : SECONDS_PER_SEQUENCE.x86;
}

/** For the self-test, and for tests: no process and no guest. */
export function simulatedSide(open: OpenSimulator, own: Environment): OtherSide {
  return (job, onFact) => {
    const environment = simulatedEnvironment(open, own);
    onFact({ environment });
    for (let at = 0; at < countOf(job); at++)
      onFact({ at, results: simulate(open, sequenceOf(job, at, environment), environment) });
    return Promise.resolve({ troubles: [], failure: undefined });
  };
}
