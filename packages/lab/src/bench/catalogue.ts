// Which benchmarks there are and what each is held to: bench/budgets.json of a checkout, read.
//
// Benchmarks are no part of the published package: their C halves are compiled where they run.

import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { OWN_FOLDER } from "../bundle/own-files.ts";
import { LabError } from "../errors.ts";
import type { Limit } from "./judge.ts";

/** Limits of the series of one benchmark, by the name of the series. */
export type Limits = Readonly<Record<string, Limit>>;

export interface Benchmark {
  readonly name: string;
  readonly description: string;
  /** The file of `bench/scenarios`, without extension. */
  readonly scenario: string;
  /** Handed to the scenario. */
  readonly argument: number;
  /** Where it runs unless told otherwise. */
  readonly target: string;
  /** What the clocks of an emulated target count, unless told otherwise. */
  readonly clock: Clock;
  /** Interleaved rounds; more where the kernel's own work is noisy. */
  readonly rounds: number;
  /** What is aimed at, on a quiet machine. */
  readonly goals: Limits;
  /** What `bench --check` holds on any machine: ratios inside one run, with a margin. */
  readonly gates: Limits;
}

export type Clock = "host" | "instructions";

const DEFAULT_ROUNDS = 60;

/** The folder `bench` of the checkout that this command runs from. Valid errors: `file-unreadable`. */
export function benchFolder(): string {
  return join(dirname(dirname(dirname(OWN_FOLDER))), "bench");
}

/** Valid errors: `file-unreadable`, `file-invalid`. */
export async function readCatalogue(folder: string): Promise<readonly Benchmark[]> {
  const file = join(folder, "budgets.json");
  const entries = Object.entries(asRecord(parse(await read(file)), file));
  return entries.map(([name, entry]) => benchmark(name, asRecord(entry, `${file}: ${name}`)));
}

/** Valid errors: `invalid-argument`. */
export function benchmarkNamed(catalogue: readonly Benchmark[], name: string): Benchmark {
  const found = catalogue.find((each) => each.name === name);
  if (found !== undefined) return found;
  throw new LabError("invalid-argument", `there is no benchmark "${name}"`, {
    hint: `there are: ${catalogue.map((each) => each.name).join(", ")}`,
  });
}

async function read(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (cause) {
    throw new LabError("file-unreadable", "the benchmarks are not here", {
      hint: "they are part of the repository, not of the published package: run from a checkout",
      cause,
    });
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new LabError("file-invalid", "bench/budgets.json is not JSON", { cause });
  }
}

function benchmark(name: string, entry: Readonly<Record<string, unknown>>): Benchmark {
  const {
    description,
    scenario,
    target,
    argument = 0,
    rounds = DEFAULT_ROUNDS,
    clock = "host",
    goals = {},
    gates = {},
  } = entry;
  if (typeof description !== "string" || typeof scenario !== "string")
    throw invalid(`${name} needs a description and a scenario`);
  if (typeof target !== "string" || typeof argument !== "number" || typeof rounds !== "number")
    throw invalid(`${name} needs a target, and numbers for argument and rounds`);
  if (!isClock(clock)) throw invalid(`${name} has a clock that is neither host nor instructions`);
  const limits = (value: unknown): Limits =>
    Object.fromEntries(
      Object.entries(asRecord(value, name)).map(([series, limit]) => [
        series,
        asLimit(limit, name),
      ]),
    );
  const held = { goals: limits(goals), gates: limits(gates) };
  return { name, description, scenario, argument, target, clock, rounds, ...held };
}

export function isClock(value: unknown): value is Clock {
  return value === "host" || value === "instructions";
}

function asLimit(value: unknown, name: string): Limit {
  const { ratio, nanoseconds } = asRecord(value, name);
  if (typeof ratio === "number" && nanoseconds === undefined) return { ratio };
  if (typeof nanoseconds === "number" && ratio === undefined) return { nanoseconds };
  throw invalid(`${name} has a limit that is neither a ratio nor nanoseconds`);
}

function asRecord(value: unknown, what: string): Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw invalid(`${what} is no object`);
  // cast: an object that is not an array has names and unknown values, whatever it is.
  return value as Readonly<Record<string, unknown>>;
}

function invalid(sentence: string): LabError {
  return new LabError("file-invalid", `bench/budgets.json: ${sentence}`);
}
