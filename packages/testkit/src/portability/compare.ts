// The same portable programs on several machines: the same answers and the same reach everywhere (I42).
//
// A machine is added by its name, a way to build it and its backend.

import type { IommuBackend } from "@iommukit/core";
import fc from "fast-check";
import type { Machine } from "../machines/machine.ts";
import { type HostOptions, type SimulatedHost, simulatedHost } from "../machines/simulated-host.ts";
import { type Operation, portablePrograms, textOf } from "./program.ts";
import { runPrograms } from "./run-program.ts";

export interface PortableMachine {
  readonly name: string;
  readonly machine: () => Machine;
  readonly backend: () => IommuBackend;
  readonly host?: HostOptions;
  /** It takes part in one batch of programs of so many. Default 1: in all of them. */
  readonly everyBatch?: number;
}

export interface PortabilityOptions {
  /** The first is what the others are compared with. */
  readonly machines: readonly PortableMachine[];
  /** At least so many. */
  readonly programs: number;
  readonly seed: number;
}

export interface PortabilityReport {
  readonly programs: number;
  /** Operations run on the first machine. */
  readonly operations: number;
  /** Answers by name on the first machine: what the programs met. */
  readonly answers: ReadonlyMap<string, number>;
  /** The shrunk difference in words, with the seed that repeats it. */
  readonly failure: string | undefined;
}

type Programs = readonly (readonly Operation[])[];

/** Runs of one batch, of 20 programs at most: after it every machine is new. */
const RUNS_PER_BATCH = 25;
/** A batch takes seconds; this only ends the search for a smaller difference. */
const BATCH_LIMIT_MS = 600_000;

export function comparePrograms(options: PortabilityOptions): PortabilityReport {
  const total = { programs: 0, operations: 0, answers: new Map<string, number>() };
  for (let batch = 0; total.programs < options.programs; batch++) {
    const chosen = options.machines.filter(({ everyBatch = 1 }) => batch % everyBatch === 0);
    const failure = runBatch(chosen, total, (options.seed + Math.imul(batch, 0x9e37_79b1)) | 0);
    if (failure !== undefined) return { ...total, failure };
  }
  return { ...total, failure: undefined };
}

interface Total {
  programs: number;
  operations: number;
  readonly answers: Map<string, number>;
}

function runBatch(
  machines: readonly PortableMachine[],
  total: Total,
  seed: number,
): string | undefined {
  const hosts = new Hosts(machines);
  const property = fc.property(portablePrograms, (programs) => {
    const seen = hosts.run(programs);
    total.programs += programs.length;
    for (const program of programs) total.operations += program.length;
    for (const answer of seen.flat())
      total.answers.set(answer, (total.answers.get(answer) ?? 0) + 1);
  });
  const result = fc.check(property, {
    seed,
    numRuns: RUNS_PER_BATCH,
    interruptAfterTimeLimit: BATCH_LIMIT_MS,
  });
  if (!result.failed) return undefined;
  const cause = result.errorInstance;
  const why = cause instanceof Error ? (cause.stack ?? cause.message) : String(cause);
  return `seed ${seed}, path ${result.counterexamplePath}, shrunk ${result.numShrinks} times\n${why}`;
}

/** One host for each machine, new after every failure. */
class Hosts {
  readonly #machines: readonly PortableMachine[];
  #hosts: readonly SimulatedHost[] = [];

  constructor(machines: readonly PortableMachine[]) {
    this.#machines = machines;
  }

  /** Runs programs everywhere, throws if machines disagree, and answers what they met. */
  run(programs: Programs): readonly (readonly string[])[] {
    if (this.#hosts.length === 0)
      this.#hosts = this.#machines.map(({ machine, host }) => simulatedHost(machine(), host ?? {}));
    try {
      return this.#compare(programs);
    } catch (error) {
      this.#hosts = [];
      throw error;
    }
  }

  #compare(programs: Programs): readonly (readonly string[])[] {
    let first: readonly (readonly string[])[] | undefined;
    for (const [index, { name, backend }] of this.#machines.entries()) {
      const host = this.#hosts[index];
      if (host === undefined) throw new Error(`there is no host ${name}`);
      const seen = runPrograms({ name, host, backend: backend() }, programs);
      first ??= seen;
      const reference = this.#machines[0]?.name ?? "";
      for (const [number, answers] of seen.entries()) {
        const program = programs[number] ?? [];
        const expected = first[number] ?? [];
        const at = answers.findIndex((answer, step) => answer !== expected[step]);
        if (at < 0) continue;
        const both = `${reference} says "${expected[at]}", ${name} says "${answers[at]}"`;
        throw new Error(difference(both, programs.slice(0, number + 1), program[at]));
      }
    }
    return first ?? [];
  }
}

function difference(both: string, programs: Programs, operation: Operation | undefined): string {
  const where = operation === undefined ? "at the end" : `at ${textOf([operation])}`;
  return [`${where}: ${both}`, ...programs.map((each) => `program: ${textOf(each)}`)].join("\n");
}
