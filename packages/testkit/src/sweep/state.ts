// What is compared after a fault: the ledger with the kernel, what is usable, and what is left.

import { bytes, type Container, isIommuError, type Mapping } from "@iommukit/core";
import { REQUESTERS } from "../laws/isolation.ts";
import { demand, LawBroken } from "../laws/law.ts";
import type { SimulatedHost } from "../machines/simulated-host.ts";
import type { Injection } from "./answers.ts";
import type { Stage } from "./scenario.ts";

/** What the machine has before the first call. */
export interface Baseline {
  readonly descriptors: number;
  readonly allocations: number;
}

export function baselineOf(host: SimulatedHost): Baseline {
  return {
    descriptors: host.inspect.openDescriptors().length,
    allocations: host.memory.liveAllocations,
  };
}

/** I38: an error of the library, or several of them that `using` or `close` put together. */
export function isExplained(error: unknown): boolean {
  if (isIommuError(error)) return true;
  if (error instanceof Error && "suppressed" in error && "error" in error)
    return isExplained(error.error) && isExplained(error.suppressed);
  return error instanceof AggregateError && error.errors.every(isExplained);
}

/** Whether a kernel keeps neighbours whose memory goes on as they were mapped, or joins them. */
export type Neighbours = "kept" | "merged";

interface Said {
  readonly iova: bigint;
  readonly size: bigint;
  readonly vaddr: bigint;
  readonly access: string;
}

/** I18: both sides say the same; after a lie of the kernel the ledger may only say more. */
export function compareLedger(
  stage: Stage,
  host: SimulatedHost,
  kind: Injection["kind"],
  neighbours: Neighbours = "kept",
): void {
  const ledger = stage.containers.flatMap((container) =>
    container.state === "enabled" ? container.dma.mappings().map(asSaid) : [],
  );
  const said = new Set((neighbours === "merged" ? joined(ledger) : ledger).map(nameOf));
  for (const mapping of host.inspect.mappings()) {
    const name = nameOf(mapping);
    const known = said.delete(name);
    // A map that worked and was reported as failed is known to nobody; closing must still end it.
    demand("I18", known || kind === "lie", () => `the kernel has ${name}, the ledger does not`);
  }
  demand("I18", said.size === 0 || kind === "lie", () => {
    return `the ledger has ${[...said].join(", ")}, the kernel does not`;
  });
}

function asSaid({ iova, size, host, access }: Mapping): Said {
  return { iova, size, vaddr: host, access };
}

function nameOf({ iova, size, vaddr, access }: Said): string {
  return `${iova} + ${size} → ${vaddr} ${access}`;
}

/** The ledger's mappings, by IOVA within a container, as a kernel that joins neighbours has them. */
function joined(ledger: readonly Said[]): readonly Said[] {
  const list: Said[] = [];
  for (const next of ledger) {
    const last = list.at(-1);
    if (last === undefined || !goesOn(last, next)) list.push(next);
    else list.splice(-1, 1, { ...last, size: last.size + next.size });
  }
  return list;
}

function goesOn(a: Said, b: Said): boolean {
  const { iova, size, vaddr, access } = a;
  return iova + size === b.iova && vaddr + size === b.vaddr && access === b.access;
}

/** What is still open still works: a page is mapped, a device reads it, and it is unmapped again. */
export function useWhatIsLeft(stage: Stage, host: SimulatedHost): void {
  for (const container of stage.containers)
    if (container.state === "enabled" && container.windows.list().length > 0)
      usePage(stage, host, container);
}

function usePage(stage: Stage, host: SimulatedHost, container: Container): void {
  const memory = stage.iommu.allocate(4096);
  stage.memories.push(memory);
  memory.bytes[5] = 0xa5;
  let at: bigint;
  try {
    container.memory.register(memory.address, memory.size);
    at = container.dma.mapAnywhere(memory.address, bytes(4096n), "read");
  } catch (error) {
    // Where a scenario has used a limit up, there is no page to try with.
    if (isIommuError(error, "mapping-limit") || isIommuError(error, "locked-memory-limit")) return;
    throw error;
  }
  for (const { address, group } of REQUESTERS) {
    if (!container.control.groups.includes(group)) continue;
    const byte = new Uint8Array(1);
    const { moved } = host.dma(address).read(at + 5n, byte);
    demand("I2", moved === 1 && byte[0] === 0xa5, () => `${address} does not reach a new mapping`);
  }
  const mapping = container.dma.lookup(container.dma.mappings()[0]?.iova ?? memoryless());
  demand("I18", mapping !== undefined, () => "a mapping cannot be looked up");
  const made = container.dma.mappings().find((each) => each.iova === at);
  if (made === undefined) throw new LawBroken("I18", "a new mapping is not in the ledger");
  container.dma.unmap(made.iova, made.size);
}

function memoryless(): never {
  throw new LawBroken("I18", "the ledger is empty right after a map");
}

/** I8, I21 to I24: nothing is left when everything was closed. */
export function nothingLeft(host: SimulatedHost, before: Baseline): void {
  const { inspect, memory } = host;
  const open = inspect.openDescriptors();
  demand("I24", open.length === before.descriptors, () => {
    return `left open: ${open.map(({ label }) => label).join(", ")}`;
  });
  demand("I21", inspect.pinnedPages() === 0, () => `${inspect.pinnedPages()} pages left pinned`);
  demand("I22", inspect.lockedBytes() === 0, () => `${inspect.lockedBytes()} bytes left locked`);
  demand("I8", memory.liveAllocations === before.allocations, () => {
    return `${memory.liveAllocations - before.allocations} allocations left`;
  });
  demand("I8", inspect.strayAccesses().length === 0, () => "a device met freed memory");
}
