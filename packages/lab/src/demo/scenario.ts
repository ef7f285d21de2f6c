// The demo's program: a device copies what it may, and reaches nothing that it may not.
//
// Each number is read from memory afterwards, never inferred from what was called.

import {
  type BackendRefusal,
  bytes,
  createIommu,
  type DmaMemory,
  type DmaWindow,
  type Iova,
  iova,
  KiB,
} from "@iommukit/core";
import type { SimulatedHost } from "@iommukit/testkit";
import { type EduDriver, openEdu } from "@iommukit/testkit/drivers";
import { type1 } from "@iommukit/type1-x86";
import { spaprProbe } from "./spapr-probe.ts";

/** One access that must not arrive. */
export interface Attempt {
  readonly access: string;
  /** Bytes of the program's memory that changed. */
  readonly bytesChanged: number;
  /** What the IOMMU reported. */
  readonly faults: number;
}

export interface WindowFact {
  readonly first: string;
  readonly last: string;
  readonly bytes: string;
}

export interface DemoResult {
  readonly target: string;
  /** The copy arrived whole, nothing else did, and nothing was left behind. */
  readonly ok: boolean;
  readonly backend: string;
  readonly refused: readonly BackendRefusal[];
  readonly windows: readonly WindowFact[];
  readonly bytesCopied: number;
  readonly blocked: readonly Attempt[];
  /** What stayed open after the container was closed: descriptors and pinned pages. */
  readonly leftBehind: number;
  readonly calls: Readonly<Record<string, number>>;
}

const SIZE = 64 * KiB;
const SOURCE = iova(0x0010_0000);
const TARGET = iova(0x0020_0000);
const UNMAPPED = iova(0x0030_0000);
const PROBE_BYTES = 16;

export function demonstrate(host: SimulatedHost): DemoResult {
  const iommu = createIommu(host.port);
  const [chosen, other] = host.devices;
  if (chosen === undefined || other === undefined) throw new Error("the demo needs two devices");
  const source = iommu.allocate(SIZE);
  const target = iommu.allocate(SIZE);
  const container = iommu.openContainer({
    groups: [chosen.group],
    backends: [spaprProbe(), type1()],
  });
  const edu = openEdu(container.openDevice(chosen.address));
  container.dma.map(SOURCE, source.address, source.size, "read");
  container.dma.map(TARGET, target.address, target.size, "read-write");

  const bytesCopied = copy(edu, source, target);
  const told = [SOURCE, TARGET].map((start) => ({ start, size: BigInt(SIZE) }));
  const attempts = [
    attempt(host, target, "unmapped page", () => write(edu, UNMAPPED)),
    attempt(host, source, "read-only page", () => write(edu, SOURCE)),
    attempt(host, target, "bytes beside each mapping", () =>
      host.rogue(chosen.address).overreach(told, "write"),
    ),
    attempt(host, target, `same pages, by device ${other.address}`, () =>
      host.rogue(other.address).sweep({ start: TARGET, size: BigInt(SIZE) }, "write"),
    ),
  ];
  container.dma.unmap(TARGET, bytes(SIZE));
  attempts.push(attempt(host, target, "page unmapped again", () => write(edu, TARGET)));

  const { negotiation } = container;
  const windows = container.windows.list().map(describeWindow);
  for (const part of [container, target, source]) part.close();
  const leftBehind = host.inspect.openDescriptors().length + host.inspect.pinnedPages();
  return {
    target: host.target,
    ok: bytesCopied === SIZE && attempts.every(isStopped) && leftBehind === 0,
    backend: negotiation.chosen,
    refused: negotiation.refused,
    windows,
    bytesCopied,
    blocked: attempts,
    leftBehind,
    calls: Object.fromEntries([...host.calls].sort(([a], [b]) => (a < b ? -1 : 1))),
  };
}

/** Answers how many bytes arrived as they were. */
function copy(edu: EduDriver, source: DmaMemory, target: DmaMemory): number {
  const from = source.bytes;
  for (let i = 0; i < from.length; i++) from[i] = (i * 7 + 13) & 0xff;
  edu.copy(SOURCE, TARGET, SIZE);
  return target.bytes.reduce((sum, byte, i) => sum + (byte === from[i] ? 1 : 0), 0);
}

function attempt(
  host: SimulatedHost,
  memory: DmaMemory,
  access: string,
  reach: () => unknown,
): Attempt {
  const before = memory.bytes.slice();
  // What came before is not this access's doing.
  host.inspect.faults();
  reach();
  const bytesChanged = memory.bytes.reduce((sum, byte, i) => sum + (byte === before[i] ? 0 : 1), 0);
  return { access, bytesChanged, faults: host.inspect.faults().length };
}

/** As strings: what JSON holds as numbers ends at 53 bits. */
function describeWindow({ start, last }: DmaWindow): WindowFact {
  const bytes = last - start + 1n;
  return { first: hex(start), last: hex(last), bytes: hex(bytes) };
}

function hex(value: bigint): string {
  return `0x${value.toString(16)}`;
}

function write(edu: EduDriver, at: Iova): void {
  edu.copyToHost(at, PROBE_BYTES);
}

function isStopped({ bytesChanged, faults }: Attempt): boolean {
  return bytesChanged === 0 && faults > 0;
}
