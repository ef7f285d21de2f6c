// What a backend owes on POWER, through the library: windows, registered memory, what they cost, and
// answers that are no success.
//
// For the hunters of mutants: each case says in a few lines what must be true on every POWER machine.

import {
  bytes,
  type Container,
  createIommu,
  type DmaMemory,
  type Iommu,
  type IommuBackend,
  iova,
  isIommuError,
} from "@iommukit/core";
import { answers, failsAfterwards } from "../faults/errno.ts";
import { faultyPort } from "../faults/faulty-port.ts";
import type { Fault, FaultEffect } from "../faults/plan.ts";
import { EINVAL } from "../kernel/errno.ts";
import type { Machine } from "../machines/machine.ts";
import { type SimulatedHost, simulatedHost } from "../machines/simulated-host.ts";

export interface PowerCase {
  readonly name: string;
  /** What goes wrong in the kernel meanwhile. */
  readonly faults?: readonly Fault[];
  readonly run: (world: PowerWorld) => void;
}

interface PowerWorld {
  readonly host: SimulatedHost;
  readonly iommu: Iommu;
  readonly container: Container;
}

const GIB: bigint = 1n << 30n;
const MIB = 1 << 20;
const PAGE = bytes(4096);
const GROUP = 2;
const DEVICE = "0000:00:02.0";
const UNIT = 65_536;
/** `_IO(';', 100 + n)` of powerpc. */
const MAP_DMA = 0x2000_3b71;
const REGISTER_MEMORY = 0x2000_3b75;
/** So many pages that some of them came before the one that could not be pinned. */
const SOME = 3;

export function runPowerCase(each: PowerCase, machine: Machine, backend: IommuBackend): void {
  const host = simulatedHost(machine);
  const tables = host.inspect.tableFrames();
  const { port } = faultyPort(host.port, { faults: each.faults ?? [] });
  const iommu = createIommu(port);
  const container = iommu.openContainer({ groups: [GROUP], backends: [backend] });
  each.run({ host, iommu, container });
  container.close();
  same("locked bytes at the end", host.inspect.lockedBytes(), 0);
  same("frames of tables at the end", host.inspect.tableFrames(), tables);
}

export const POWER_CASES: readonly PowerCase[] = [
  {
    name: "power: the default window ends where the kernel says",
    run({ container, iommu, host }) {
      const [window] = container.windows.list();
      const end = host.target === "sim/pseries" ? GIB : 2n * GIB;
      same("the window's end", window?.last, end - 1n);
      const memory = registered({ container, iommu }, UNIT);
      memory.bytes.fill(7);
      container.dma.map(iova(end - 4096n), memory.address, PAGE, "read-write");
      same("the last page", reads(host, end - 4096n), 7);
    },
  },
  {
    name: "power: windows come and go, with their charge and their slots",
    run({ container, host }) {
      const before = host.inspect.lockedBytes();
      for (const window of container.windows.list()) container.windows.remove(window);
      for (let round = 0; round < SOME; round++) {
        const made = container.windows.create({ size: bytes(GIB), pageSize: UNIT });
        same("windows", container.windows.list().length, 1);
        container.windows.remove(made);
      }
      same("locked bytes", host.inspect.lockedBytes(), before);
    },
  },
  {
    name: "power: a window is as deep as it was asked for",
    run({ container, iommu, host }) {
      const metal = host.target !== "sim/pseries";
      const window = container.windows.create({
        size: bytes(metal ? GIB << 6n : GIB),
        pageSize: 4096,
        levels: metal ? SOME : 1,
      });
      const memory = registered({ container, iommu }, UNIT);
      memory.bytes.fill(9);
      const far = iova(window.last - 4095n);
      container.dma.map(far, memory.address, PAGE, "read-write");
      same("the far end", reads(host, far), 9);
    },
  },
  {
    name: "power: registered memory goes back when it is unregistered",
    run({ container, iommu, host }) {
      const before = host.inspect.lockedBytes();
      const allocations = host.memory.liveAllocations;
      const memory = iommu.allocate(bytes(MIB));
      const registration = container.memory.register(memory.address, memory.size);
      same("counted", host.inspect.lockedBytes() - before, MIB);
      registration.close();
      same("locked bytes", host.inspect.lockedBytes(), before);
      memory.close();
      same("allocations", host.memory.liveAllocations, allocations);
    },
  },
  {
    name: "power: write-only is refused where a device could read it",
    run({ container, iommu, host }) {
      const memory = registered({ container, iommu }, UNIT);
      memory.bytes.fill(5);
      const code = codeOf(() => container.dma.map(iova(0n), memory.address, PAGE, "write"));
      if (code === "done") same("a device reads", reads(host, 0n), -1);
    },
  },
  {
    name: "power: a registration of some pages is none",
    faults: [on(REGISTER_MEMORY, answers(SOME))],
    run({ container, iommu }) {
      const memory = iommu.allocate(bytes(MIB));
      const code = codeOf(() => container.memory.register(memory.address, memory.size));
      same("the answer", code, "memory-fault");
    },
  },
  {
    name: "power: a map that answers 1 has mapped nothing",
    faults: [on(MAP_DMA, answers(1))],
    run(world) {
      const memory = registered(world, UNIT);
      const { dma } = world.container;
      const code = codeOf(() => dma.map(iova(0n), memory.address, PAGE, "read"));
      if (code === "done") throw new Error("an answer of 1 was taken for success");
      same("the ledger", dma.mappings().length, 0);
    },
  },
  {
    name: "power: a map that says it failed leaves nothing mapped",
    faults: [on(MAP_DMA, failsAfterwards(EINVAL))],
    run(world) {
      const memory = registered(world, UNIT);
      const { dma } = world.container;
      const code = codeOf(() => dma.map(iova(0n), memory.address, PAGE, "read"));
      if (code === "done") throw new Error("a failure was taken for success");
      same("mapped", world.host.inspect.mappings().length, 0);
    },
  },
];

function on(request: number, what: FaultEffect): Fault {
  return { when: { call: "ioctl", request }, what };
}

function registered(
  { iommu, container }: Pick<PowerWorld, "iommu" | "container">,
  size: number,
): DmaMemory {
  const memory = iommu.allocate(bytes(size));
  container.memory.register(memory.address, memory.size);
  return memory;
}

/** The byte that the device reads there, or -1. */
function reads(host: SimulatedHost, at: bigint): number {
  const byte = new Uint8Array(1);
  return host.dma(DEVICE).read(at, byte).moved === 1 ? (byte[0] ?? -1) : -1;
}

function same(what: string, got: unknown, expected: unknown): void {
  if (got !== expected) throw new Error(`${what}: ${String(got)}, and not ${String(expected)}`);
}

function codeOf(action: () => unknown): string {
  try {
    action();
    return "done";
  } catch (error) {
    if (!isIommuError(error)) throw error;
    return error.code;
  }
}
