// Runs steps on the strict kernel beside the model of what must come of them.
//
// After every step: the answer is the model's, a refusal changed nothing (P11), secondary entries are
// disjoint and as many as there are windows (P9), V is where RAM is mapped and nobody was cut off (P10),
// memory is locked as the model counts. Every access reaches what the model says (P3, P4).

import type { Machine } from "../../machines/machine.ts";
import type { HostMemory } from "../port-types.ts";
import { MIB } from "./pamu-client.ts";
import { PamuDevices } from "./pamu-devices.ts";
import { type Block, ENOSPC, PamuModel } from "./pamu-model.ts";
import { openedPamu, type PamuReady, sameTables, tablesNow } from "./pamu-ready.ts";
import type { PamuStep } from "./pamu-steps.ts";

const LIODNS: ReadonlyMap<number, number> = new Map([
  [2, 0x10],
  [3, 0x20],
  [4, 0x30],
]);
/** Bytes that the process may lock: some maps meet the limit. */
const LOCKED_LIMIT = 12 * MIB;
/** Pages of the two blocks of huge pages; small blocks, for a host is made for every history. */
const HUGE: ReadonlyMap<number, number> = new Map([
  [4 * MIB, 2],
  [256 * 1024, 8],
]);
/** Entries that somebody else holds, so that two apertures of 256 windows fit and three do not. */
const ELSEWHERE = 1500;
const PAGE = 4096;

export class PamuWorld {
  readonly ready: PamuReady;
  readonly model: PamuModel;
  readonly #blocks: readonly (Block & { readonly memory: HostMemory })[];
  readonly #devices: PamuDevices;
  readonly #groups = new Map<number, number>();

  /** `wrap` puts something between the machine and its kernel: a bug, to see whether it is noticed. */
  constructor(soc: "p4080" | "t4240", seed: number, wrap?: (machine: Machine) => Machine) {
    this.ready = openedPamu(
      { soc, mode: "strict", seed, hugePages: HUGE, errata: { "PAMU-A001": false } },
      { process: { uid: 1000, lockedMemoryLimit: LOCKED_LIMIT }, groupMode: 0o666 },
      wrap,
    );
    const { client, driver, group } = this.ready;
    this.#groups.set(2, group);
    const huge = [
      block(client.memory(8 * MIB, 4 * MIB)),
      block(client.memory(2 * MIB, 256 * 1024)),
    ];
    // Scattered pages lie at odd frames, or at even ones: whether two look aligned depends on it.
    if (seed % 4 < 2) client.memory(PAGE).close();
    this.#blocks = [...huge, block(client.memory(40 * PAGE))];
    driver.tables.pool.allocate(ELSEWHERE);
    this.model = new PamuModel(this.#blocks, driver.soc.msiBanks.length, LOCKED_LIMIT / PAGE);
    this.#devices = new PamuDevices(this.ready, this.model, this.#blocks);
  }

  /** Throws when anything is not as the model has it. */
  step(step: PamuStep): void {
    const before = tablesNow(this.ready, ELSEWHERE);
    const modelBefore = { locked: this.model.lockedPages, windows: this.model.windows };
    const answer = step.kind === "access" ? 0 : this.#call(step);
    if (answer !== 0 && !sameTables(before, tablesNow(this.ready, ELSEWHERE)))
      throw new Error(`P11: a refusal (${answer}) changed the tables`);
    if (answer !== 0 && modelBefore.windows !== this.model.windows)
      throw new Error(`P11: the model changed by a refusal (${answer})`);
    if (step.kind === "access") this.#devices.access(step);
    this.#checkEntries();
    this.#checkValid();
    const locked = this.ready.host.process.locked.pages;
    if (locked !== this.model.lockedPages)
      throw new Error(`VmLck is ${locked} pages, not ${this.model.lockedPages}`);
  }

  /** Everything goes back: descriptors, memory, secondary entries. */
  close(): void {
    const { client, container, driver, host } = this.ready;
    client.port.close(container);
    for (const group of this.#groups.values()) client.port.close(group);
    for (const { memory } of this.#blocks) memory.close();
    const left = [
      driver.tables.pool.inUse - ELSEWHERE,
      host.process.locked.pages,
      host.memory.liveAllocations - 1,
      host.inspect.openDescriptors().length,
      host.inspect.strayAccesses().length,
    ];
    if (left.some((each) => each !== 0)) throw new Error(`left behind: ${left.join(", ")}`);
  }

  #call(step: Exclude<PamuStep, { kind: "access" }>): number {
    const { client, container } = this.ready;
    const expected = (answer: number, due: number): number => demand(step, answer, due);
    const { model } = this;
    switch (step.kind) {
      case "geometry": {
        const end = step.start + step.size - 1;
        const answer = client.setGeometry(container, step.start, end);
        return expected(answer, model.setGeometry(step.start, end));
      }
      case "windows":
        return this.#setWindows(step.count);
      case "map":
        return this.#map(step);
      case "unmap": {
        const iova = this.model.windowAddress(step.window) + step.skew;
        const size = step.count * model.slot;
        return expected(client.unmap(container, iova, size), model.unmap(iova, size));
      }
      case "msi": {
        const iova = this.model.windowAddress(step.window) + step.skew;
        const answer = client.mapMsi(container, step.bank, iova, step.flags);
        return expected(answer, model.mapMsi(step.bank, iova, step.flags));
      }
      case "unmsi": {
        const iova = this.model.windowAddress(step.window);
        return expected(client.unmapMsi(container, iova), model.unmapMsi(iova));
      }
      case "stash": {
        const { cpus } = this.ready.driver.soc;
        const answer = client.setStash(container, step.cpu, step.cache);
        return expected(answer, model.setStash(step.cpu, step.cache, cpus));
      }
      case "group":
        return this.#joinOrLeave(step.group);
    }
  }

  #map(step: PamuStep & { kind: "map" }): number {
    const { client, container } = this.ready;
    const block = this.#blocks[step.block];
    if (block === undefined) throw new Error(`there is no block ${step.block}`);
    const slot = Math.max(PAGE, this.model.slot);
    const size = step.count * slot;
    const room = Math.max(0, block.bytes.length - size);
    // Places at multiples of half a slot: every second one is not aligned to it.
    const offset = Math.min(room, step.place * Math.max(PAGE, slot / 2));
    const iova = this.model.windowAddress(step.window) + step.skew;
    const { flags } = step;
    const vaddr = block.address + BigInt(offset);
    const answer = client.map(container, { vaddr, iova, size, flags });
    return demand(step, answer, this.model.map({ iova, size, block: step.block, offset, flags }));
  }

  /** ENOSPC is right when no hole is large enough once the container's own entries are gone. */
  #setWindows(count: number): number {
    const { client, container, driver } = this.ready;
    const { model } = this;
    const windows = model.windows;
    const fits = this.#fits(count);
    const answer = client.setWindows(container, count);
    const due = model.setWindows(count);
    if (due !== 0 || fits) return demand({ kind: "windows", count }, answer, due);
    model.windows = windows;
    demand({ kind: "windows", count, full: driver.tables.pool.runs.length }, answer, ENOSPC);
    return answer;
  }

  #fits(count: number): boolean {
    return ELSEWHERE + this.model.groups.size * (count - 1) <= this.ready.driver.tables.pool.size;
  }

  #joinOrLeave(group: number): number {
    const { client, container } = this.ready;
    const { model } = this;
    const open = this.#groups.get(group);
    if (open !== undefined) {
      client.port.close(open);
      this.#groups.delete(group);
      model.groups.delete(group);
      model.cutOff.delete(group);
      return 0;
    }
    const fd = client.openGroup(group);
    if (fd < 0) throw new Error(`group ${group} does not open: ${fd}`);
    const answer = client.setContainer(fd, container);
    if (answer === 0) {
      this.#groups.set(group, fd);
      model.groups.add(group);
      return 0;
    }
    client.port.close(fd);
    // A hole may be too small though the sum would do: first fit moves nobody.
    const wanted = model.windows === null ? 0 : model.count - 1;
    if (answer !== ENOSPC || largestHole(this.ready) >= wanted)
      throw new Error(`group ${group} does not join: ${answer}`);
    return answer;
  }

  /** P9. */
  #checkEntries(): void {
    const { pool } = this.ready.driver.tables;
    const { model } = this;
    const each = model.count === 1 ? 0 : model.count - 1;
    let end = 0;
    for (const { first, count } of pool.runs) {
      if (first < end || first + count > pool.size) throw new Error("P9: runs overlap");
      end = first + count;
    }
    const due = model.windows === null ? undefined : ELSEWHERE + each * model.groups.size;
    if (due !== undefined && pool.inUse !== due)
      throw new Error(`P9: ${pool.inUse} entries in use, not ${due}`);
  }

  /** P10. */
  #checkValid(): void {
    for (const [group, liodn] of LIODNS)
      if (this.ready.driver.tables.isValid(liodn) !== this.model.isOn(group))
        throw new Error(`P10: V of group ${group} is not ${this.model.isOn(group)}`);
  }
}

function block(memory: HostMemory): Block & { readonly memory: HostMemory } {
  return { memory, address: memory.address, bytes: memory.bytes, unit: memory.pageSize };
}

function demand(step: unknown, answer: number, due: number): number {
  if (answer !== due) throw new Error(`${JSON.stringify(step)} answers ${answer}, not ${due}`);
  return answer;
}

function largestHole({ driver }: PamuReady): number {
  const { pool } = driver.tables;
  let [end, largest] = [0, 0];
  for (const { first, count } of pool.runs) {
    largest = Math.max(largest, first - end);
    end = first + count;
  }
  return Math.max(largest, pool.size - end);
}
