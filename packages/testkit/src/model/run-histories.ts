// Many histories: so many steps, over every machine, from one seed, with hosts used again.
//
// A host serves until a history fails or it is old; one that failed is thrown away, so that shrinking
// starts from a clean machine each time.

import type { IommuBackend } from "@iommukit/core";
import fc from "fast-check";
import { runsAlike } from "../laws/life.ts";
import type { SimulatedHost } from "../machines/simulated-host.ts";
import type { Command } from "./command.ts";
import { historyOf, runHistory } from "./history.ts";
import { HISTORY_MACHINES, type HistoryMachine } from "./machines.ts";

export interface HistoriesOptions {
  readonly backend: () => IommuBackend;
  /** Stops after so many. */
  readonly steps: number;
  readonly seed: number;
  readonly machines?: readonly HistoryMachine[];
  readonly history?: fc.Arbitrary<readonly Command[]>;
  /** One history in so many is run twice, and must make the same calls (I40). Default 50. */
  readonly twiceEvery?: number;
  /** Histories on one machine before the next has its turn. Default 100. */
  readonly batch?: number;
  /** Whether a failure is made small before it is told. Default it is. */
  readonly shrink?: "no";
}

export interface HistoriesReport {
  readonly steps: number;
  readonly histories: number;
  /** The shrunk failure in words, with the seed and path that repeat it. */
  readonly failure: string | undefined;
  /** Histories run before the first that failed. */
  readonly failedAfter: number | undefined;
  /** What the first failure was. */
  readonly cause: unknown;
}

const DEFAULT_BATCH = 100;
/**
 * A batch takes seconds. A program's own limit for a property may be shorter than that on a machine
 * whose processors are all busy; here it only ends the search for a smaller failure.
 */
const BATCH_LIMIT_MS = 600_000;
/** Freed frames are remembered, so a host grows a little with each history. */
const HISTORIES_PER_HOST = 200;

export async function runHistories(options: HistoriesOptions): Promise<HistoriesReport> {
  const machines = options.machines ?? HISTORY_MACHINES;
  const total = { steps: 0, histories: 0 };
  const hosts = new Map<HistoryMachine, SimulatedHost>();
  for (let batch = 0; total.steps < options.steps; batch++) {
    const machine = machines[batch % machines.length];
    if (machine === undefined) break;
    const served = Math.floor(batch / machines.length) * (options.batch ?? DEFAULT_BATCH);
    if (served % HISTORIES_PER_HOST === 0) hosts.delete(machine);
    const failed = await runBatch(options, { machine, hosts, total, batch });
    if (failed !== undefined) return { ...total, ...failed };
  }
  return { ...total, failure: undefined, failedAfter: undefined, cause: undefined };
}

interface Batch {
  readonly machine: HistoryMachine;
  readonly hosts: Map<HistoryMachine, SimulatedHost>;
  readonly total: { steps: number; histories: number };
  readonly batch: number;
}

type Failure = Pick<HistoriesReport, "failure" | "failedAfter" | "cause">;

async function runBatch(options: HistoriesOptions, batch: Batch): Promise<Failure | undefined> {
  const { machine, hosts, total } = batch;
  const { backend } = options;
  let failedAfter: number | undefined;
  const property = fc.asyncProperty(
    options.history ?? historyOf(machine.commands),
    async (commands) => {
      if (total.steps >= options.steps && failedAfter === undefined) return;
      try {
        const world = await runHistory({ machine, backend, host: hosts.get(machine) }, commands);
        hosts.set(machine, world.host);
        if (total.histories % (options.twiceEvery ?? 50) === 0)
          await runTwice({ machine, backend }, commands);
      } catch (error) {
        hosts.delete(machine);
        failedAfter ??= total.histories;
        throw error;
      }
      if (failedAfter !== undefined) return;
      total.steps += commands.length;
      total.histories += 1;
    },
  );
  // Seeds that follow each other must not share their batches.
  const seed = (options.seed + Math.imul(batch.batch, 0x9e37_79b1)) | 0;
  const result = await fc.check(property, {
    seed,
    numRuns: options.batch ?? DEFAULT_BATCH,
    endOnFailure: options.shrink === "no",
    interruptAfterTimeLimit: BATCH_LIMIT_MS,
    markInterruptAsFailure: true,
  });
  if (!result.failed) return undefined;
  const cause = result.errorInstance ?? new Error(`no end after ${BATCH_LIMIT_MS / 1000} s`);
  const repeat = `seed ${options.seed}, batch ${batch.batch} (fast-check seed ${seed}, path ${result.counterexamplePath})`;
  const why = cause instanceof Error ? cause.message : String(cause);
  return { failure: `${repeat}, shrunk ${result.numShrinks} times\n${why}`, failedAfter, cause };
}

async function runTwice(
  run: { readonly machine: HistoryMachine; readonly backend: () => IommuBackend },
  commands: readonly Command[],
): Promise<void> {
  const first = await runHistory(run, commands);
  const second = await runHistory(run, commands);
  runsAlike(first.watch.digest, second.watch.digest);
}
