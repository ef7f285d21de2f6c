// The library at work on a simulated machine, beside the model of what it should have done.
//
// Commands act through `perform`, which counts calls and lets the armed fault strike; the laws judge
// every outcome. Slots are chosen by number modulo what is live, so that any command fits any state.

import {
  type Container,
  createIommu,
  type Device,
  type DmaMemory,
  type Iommu,
  type IommuBackend,
  type MemoryRegistration,
} from "@iommukit/core";
import type { EduDriver } from "../drivers/edu-driver.ts";
import { judge } from "../laws/calls.ts";
import { type SimulatedHost, simulatedHost } from "../machines/simulated-host.ts";
import { SeededRandom } from "../memory/random.ts";
import type { HistoryMachine } from "./machines.ts";
import { Model, type ModelContainer, type ModelMemory, type Pages } from "./model.ts";
import type { Expectation, Outcome } from "./outcome.ts";
import { WatchedPort } from "./watched-port.ts";

export interface LiveDevice {
  readonly device: Device;
  readonly edu: EduDriver | undefined;
}

export interface LiveRegistration {
  readonly registration: MemoryRegistration;
  readonly pages: Pages;
}

export interface LiveContainer {
  readonly container: Container;
  readonly model: ModelContainer;
  readonly devices: Map<string, LiveDevice>;
  registrations: LiveRegistration[];
}

export interface LiveMemory {
  readonly memory: DmaMemory;
  readonly model: ModelMemory;
}

const PAGE = 4096;
const MOST_KNOWN = 400;

export class World {
  readonly machine: HistoryMachine;
  readonly host: SimulatedHost;
  readonly watch: WatchedPort;
  readonly iommu: Iommu;
  readonly backend: IommuBackend;
  readonly model: Model = new Model();
  readonly containers: LiveContainer[] = [];
  readonly memories: LiveMemory[] = [];
  /** What the operation before threw. */
  lastError: unknown;
  /** The container closed last, for calls after its end. */
  closed: LiveContainer | undefined;
  /** IOVA pages that the history has named: what devices are made to try. */
  readonly known: Set<number> = new Set();
  /** Those of the last command. */
  recent: number[] = [];
  readonly random: SeededRandom = new SeededRandom(7);
  /** What the machine itself needs: what was open and allocated before the first call. */
  readonly baseline: {
    readonly descriptors: number;
    readonly tables: number;
    readonly allocations: number;
  };

  constructor(machine: HistoryMachine, backend: IommuBackend, host?: SimulatedHost) {
    this.machine = machine;
    this.host = host ?? warmHost(machine, backend);
    this.backend = backend;
    this.watch = new WatchedPort(this.host.port, machine.containerNames);
    this.iommu = createIommu(this.watch.port);
    this.model.lockedLimit = machine.lockedLimit;
    this.model.pinning = machine.pinning ?? "mappings";
    this.baseline = {
      descriptors: this.host.inspect.openDescriptors().length,
      tables: this.host.inspect.tableFrames(),
      allocations: this.host.memory.liveAllocations,
    };
  }

  /** Runs one operation and demands what the model expects. Answers whether it succeeded. */
  perform<T>(
    what: string,
    action: () => T,
    expected: (outcome: Outcome<T>) => Expectation,
  ): T | undefined {
    this.watch.begin();
    let outcome: Outcome<T>;
    try {
      const value = action();
      outcome = this.#outcome(what, { value });
    } catch (error) {
      outcome = this.#outcome(what, { error });
    }
    judge(outcome, expected(outcome));
    return outcome.value;
  }

  async performAsync<T>(
    what: string,
    action: () => Promise<T>,
    expected: (outcome: Outcome<T>) => Expectation,
  ): Promise<{ readonly threw: boolean; readonly value: T | undefined }> {
    this.watch.begin();
    let outcome: Outcome<T>;
    try {
      const value = await action();
      outcome = this.#outcome(what, { value });
    } catch (error) {
      outcome = this.#outcome(what, { error });
    }
    judge(outcome, expected(outcome));
    return outcome;
  }

  #outcome<T>(what: string, result: { value: T } | { error: unknown }): Outcome<T> {
    this.watch.end();
    const threw = "error" in result;
    this.lastError = threw ? result.error : undefined;
    return {
      what,
      error: threw ? result.error : undefined,
      value: threw ? undefined : result.value,
      threw,
      calls: this.watch.calls,
      fired: this.watch.fired,
      firedAnswer: this.watch.fired === undefined ? 0 : this.watch.firedAnswer,
    };
  }

  container(slot: number): LiveContainer | undefined {
    return this.containers[slot % Math.max(1, this.containers.length)];
  }

  memory(slot: number): LiveMemory | undefined {
    return this.memories[slot % Math.max(1, this.memories.length)];
  }

  /** Takes memory into the model and writes each page's own number into it. */
  adopt(memory: DmaMemory): void {
    const { bytes } = memory;
    const model = {
      first: Number(memory.address / BigInt(PAGE)),
      pages: bytes.length / PAGE,
      bytes,
    };
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    for (let page = 0; page < model.pages; page++)
      view.setFloat64(page * PAGE, model.first + page, true);
    this.memories.push({ memory, model });
    this.model.memories.push(model);
  }

  release(live: LiveMemory): void {
    this.memories.splice(this.memories.indexOf(live), 1);
    this.model.memories.splice(this.model.memories.indexOf(live.model), 1);
  }

  /** Whether host pages are the library's own, a bitmap for example: no program maps those. */
  isForeign({ first, pages }: Pages): boolean {
    for (let page = first; page < first + pages; page++)
      if (this.model.memoryAt(page) === undefined && this.host.process.memory.areaOf(page))
        return true;
    return false;
  }

  /** A container left the history. */
  retire(live: LiveContainer): void {
    this.containers.splice(this.containers.indexOf(live), 1);
    this.model.containers.splice(this.model.containers.indexOf(live.model), 1);
    this.closed = live;
  }

  /** Notes the pages of a range that devices shall try, and those on either side. */
  name({ first, pages }: Pages): void {
    const edges = [first - 1, first, first + pages - 1, first + pages];
    if (pages > 3) edges.push(first + (pages >> 1));
    this.recent = edges.filter((page) => page >= 0 && page < 2 ** 52);
    if (this.known.size < MOST_KNOWN) for (const page of this.recent) this.known.add(page);
  }
}

/** A host whose IOMMU driver has made the tables that it keeps: what comes after must balance. */
function warmHost(machine: HistoryMachine, backend: IommuBackend): SimulatedHost {
  const host = simulatedHost(machine.machine(), machine.host);
  const iommu = createIommu(host.port);
  const together = machine.groupsPerContainer === 1 ? [[2], [3], [4]] : [[2, 3, 4]];
  for (const groups of together) iommu.openContainer({ groups, backends: [backend] }).close();
  return host;
}
