// The fault sweep: every call of every scenario goes wrong in every way, and the state is compared.
//
// Sites are found by a run without faults. A host serves many runs: each must leave it as it was, and
// one that does not is reported and replaced.

import type { IommuBackend } from "@iommukit/core";
import { faultyPort } from "../faults/faulty-port.ts";
import { vfioCommand } from "../kernel/decode/commands.ts";
import type { KernelAbi } from "../kernel/port-types.ts";
import type { Machine } from "../machines/machine.ts";
import { type SimulatedHost, simulatedHost } from "../machines/simulated-host.ts";
import { type CallRecord, recordingPort } from "../trace/recorder.ts";
import { type Injection, injectionsAt } from "./answers.ts";
import { type Scenario, Stage } from "./scenario.ts";
import {
  type Baseline,
  baselineOf,
  compareLedger,
  isExplained,
  type Neighbours,
  nothingLeft,
  useWhatIsLeft,
} from "./state.ts";

export interface SweepOptions {
  readonly machine: () => Machine;
  readonly backend: () => IommuBackend;
  readonly scenarios: readonly Scenario[];
  /** Names of the container's commands where the architecture alone does not tell them, by number. */
  readonly containerNames?: Readonly<Record<number, string>>;
  /** Whether the kernel joins neighbours whose memory goes on into one mapping. Default `kept`. */
  readonly neighbours?: Neighbours;
  /** Stops at the first finding. Default: all are listed. */
  readonly stopAtFirst?: boolean;
}

export interface SweepReport {
  /** Those that were played. */
  readonly scenarios: number;
  /** Those that need what the backend does not offer, each with that. */
  readonly notOffered: readonly string[];
  /** Calls that the scenarios make without a fault. */
  readonly sites: number;
  /** Those at which a fault struck. */
  readonly covered: number;
  readonly runs: number;
  /** How often each kind of call was a site. */
  readonly calls: ReadonlyMap<string, number>;
  /** Each with its scenario, its call and what was wrong; empty when all is well. */
  readonly findings: readonly string[];
}

interface Totals {
  scenarios: number;
  readonly notOffered: string[];
  sites: number;
  covered: number;
  runs: number;
  readonly calls: Map<string, number>;
  readonly findings: string[];
}

/** Runs the sweep over all scenarios on one machine. */
export async function sweep(options: SweepOptions): Promise<SweepReport> {
  const totals = noTotals();
  for (const scenario of options.scenarios) {
    await sweepScenario(options, scenario, totals);
    if (options.stopAtFirst === true && totals.findings.length > 0) break;
  }
  return totals;
}

function noTotals(): Totals {
  const counts = { scenarios: 0, sites: 0, covered: 0, runs: 0 };
  return { ...counts, calls: new Map(), findings: [], notOffered: [] };
}

async function sweepScenario(
  options: SweepOptions,
  scenario: Scenario,
  totals: Totals,
): Promise<void> {
  const hosts = new Hosts(options, scenario);
  if (!offers(options, hosts, scenario)) {
    totals.notOffered.push(`${scenario.name}: ${scenario.needs}`);
    return;
  }
  totals.scenarios++;
  const records = await dryRun(options, hosts, scenario);
  totals.sites += records.length;
  for (const [index, { title }] of records.entries()) {
    totals.calls.set(title, (totals.calls.get(title) ?? 0) + 1);
    const site = { scenario, title, at: index + 1, injections: injectionsAt(records, index + 1) };
    if ((await sweepSite(options, hosts, site, totals)) === "stop") return;
  }
}

interface Site {
  readonly scenario: Scenario;
  readonly title: string;
  /** Which call, from 1. */
  readonly at: number;
  readonly injections: readonly Injection[];
}

async function sweepSite(
  options: SweepOptions,
  hosts: Hosts,
  { scenario, title, at, injections }: Site,
  totals: Totals,
): Promise<"go on" | "stop"> {
  let struck = 0;
  for (const injection of injections) {
    const { fired, finding } = await inject(options, hosts, scenario, injection);
    totals.runs++;
    if (fired) struck++;
    if (finding === undefined) continue;
    const what = `${injection.fault.what.name} (${injection.kind})`;
    totals.findings.push(`${scenario.name}: call ${at}, ${title}, ${what}: ${finding}`);
    hosts.discard();
    if (options.stopAtFirst === true) return "stop";
  }
  if (struck > 0) totals.covered++;
  return "go on";
}

function offers(options: SweepOptions, hosts: Hosts, { needs }: Scenario): boolean {
  if (needs === undefined) return true;
  const stage = new Stage(hosts.take().host.port, options.backend);
  const offered = stage.open().capabilities[needs]?.offered === true;
  stage.close();
  return offered;
}

/** The scenario as it is meant to go: its calls, and the proof that it works at all. */
async function dryRun(
  options: SweepOptions,
  hosts: Hosts,
  scenario: Scenario,
): Promise<readonly CallRecord[]> {
  const { host, before } = hosts.take();
  const recording = recordingPort(host.port);
  const stage = new Stage(recording.port, options.backend);
  await scenario.run(stage);
  compareLedger(stage, host, "refused", options.neighbours);
  const failures = stage.close();
  if (failures.length > 0) throw failures[0];
  nothingLeft(host, before);
  return recording.records.map((record) => renamed(options, host.port.abi, record));
}

/** VFIO_BASE + 12 and up mean different calls to different drivers; those of devices are told by name. */
function renamed(options: SweepOptions, abi: KernelAbi, record: CallRecord): CallRecord {
  const { request } = record.call;
  if (request === undefined || /^VFIO_(DEVICE|GROUP)_/.test(record.title)) return record;
  const title = options.containerNames?.[vfioCommand(abi, request)];
  return title === undefined ? record : { ...record, title };
}

interface Injected {
  readonly fired: boolean;
  readonly finding: string | undefined;
}

async function inject(
  options: SweepOptions,
  hosts: Hosts,
  scenario: Scenario,
  injection: Injection,
): Promise<Injected> {
  const { host, before } = hosts.take();
  const { port, fired } = faultyPort(host.port, { faults: [injection.fault] });
  const stage = new Stage(port, options.backend);
  let finding: string | undefined;
  try {
    await play(scenario, stage);
    compareLedger(stage, host, injection.kind, options.neighbours);
    // A kernel that goes on failing is of no use, and one that lied may have two truths.
    if (injection.kind === "refused" && fired.length > 0) useWhatIsLeft(stage, host);
  } catch (error) {
    finding = String(error);
  }
  try {
    const unexplained = stage.close().find((failure) => !isExplained(failure));
    if (unexplained !== undefined) finding ??= `closing threw ${String(unexplained)}`;
    nothingLeft(host, before);
  } catch (error) {
    finding ??= String(error);
  }
  return { fired: fired.length > 0, finding };
}

/** A scenario ends well or with an error of the library; anything else is a finding. */
async function play(scenario: Scenario, stage: Stage): Promise<void> {
  try {
    await scenario.run(stage);
  } catch (error) {
    if (!isExplained(error)) throw error;
  }
}

const RUNS_PER_HOST = 400;

/** One clean host at a time. */
class Hosts {
  readonly #options: SweepOptions;
  readonly #scenario: Scenario;
  #current: { readonly host: SimulatedHost; readonly before: Baseline } | undefined;
  #runs = 0;

  constructor(options: SweepOptions, scenario: Scenario) {
    this.#options = options;
    this.#scenario = scenario;
  }

  take(): { readonly host: SimulatedHost; readonly before: Baseline } {
    if (this.#current === undefined || this.#runs++ >= RUNS_PER_HOST) {
      const host = simulatedHost(this.#options.machine(), this.#scenario.host);
      this.#current = { host, before: baselineOf(host) };
      this.#runs = 0;
    }
    return this.#current;
  }

  discard(): void {
    this.#current = undefined;
  }
}
