// What a scenario gets: the machine, the C loops, and `compare`, which measures and reports.

import type { Host } from "@iommukit/lab";
import { loadNative, type Native } from "../native/load.ts";
import { type Contest, type Effort, measure } from "./measure.ts";

/** Written by the command into the program that runs a scenario. */
export interface BenchSettings extends Effort {
  /** The compiled loops.c. */
  readonly library: string;
  /** A file of the package whose koffi is the port's. */
  readonly koffiFrom: string;
  /** What tells benchmarks with the same scenario apart, such as a size in bytes. */
  readonly argument: number;
}

export interface Bench {
  readonly host: Host;
  readonly native: Native;
  readonly argument: number;
  /** Measures one series and reports its samples; warm-up included. */
  compare(contest: Contest): void;
  /** The base of what has no equal in C: a fixed computation that tells how fast the machine is. */
  readonly yardstick: (operations: number) => number;
}

/** What a file of ../scenarios exports, as `scenario`. */
export type Scenario = (bench: Bench) => void;

export function openBench(host: Host, settings: BenchSettings): Bench {
  const native = loadNative(settings.library, settings.koffiFrom);
  return {
    host,
    native,
    argument: settings.argument,
    compare: (contest) => host.log({ ...measure(contest, settings) }),
    yardstick: (operations) => native.yardstick(operations),
  };
}
