// The demo's program: a device copies what it may, and reaches nothing that it may not.
//
// Each number is read from memory afterwards, never inferred from what was called.

import {
  type BackendRefusal,
  bytes,
  type Container,
  createIommu,
  type DmaMemory,
  type DmaWindow,
  type Iova,
  iovaPlus,
  KiB,
} from "@iommukit/core";
import { fslPamu } from "@iommukit/fsl-pamu";
import { spaprTce } from "@iommukit/spapr-tce";
import type { SimulatedHost } from "@iommukit/testkit";
import { type EduDriver, openEdu } from "@iommukit/testkit/drivers";
import { type1 } from "@iommukit/type1-x86";

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
  /** Bytes of a page: what every mapping is a multiple of. */
  readonly pageSize: number;
  readonly kind: DmaWindow["kind"];
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
const PROBE_BYTES = 16;

/** Where in the first window things are; a PAMU's is 1 MiB. */
interface Places {
  readonly source: Iova;
  readonly target: Iova;
  readonly unmapped: Iova;
}

export function demonstrate(host: SimulatedHost): DemoResult {
  const iommu = createIommu(host.port);
  const [chosen, other] = host.devices;
  if (chosen === undefined || other === undefined) throw new Error("the demo needs two devices");
  const source = iommu.allocate(SIZE);
  const target = iommu.allocate(SIZE);
  const container = iommu.openContainer({
    groups: [chosen.group],
    // Each says why it is not for this machine; 7 is the PAMU's type in the vendor's last release.
    backends: [fslPamu({ type: 7 }), spaprTce(), type1()],
  });
  const edu = openEdu(container.openDevice(chosen.address));
  const at = placesIn(container);
  for (const memory of [source, target]) container.memory.register(memory.address, memory.size);
  container.dma.map(at.source, source.address, source.size, "read");
  container.dma.map(at.target, target.address, target.size, "read-write");

  const bytesCopied = copy(edu, at, source, target);
  const told = [at.source, at.target].map((start) => ({ start, size: BigInt(SIZE) }));
  const attempts = [
    attempt(host, target, "unmapped page", () => write(edu, at.unmapped)),
    attempt(host, source, "read-only page", () => write(edu, at.source)),
    attempt(host, target, "bytes beside each mapping", () =>
      host.rogue(chosen.address).overreach(told, "write"),
    ),
    attempt(host, target, `same pages, by device ${other.address}`, () =>
      host.rogue(other.address).sweep({ start: at.target, size: BigInt(SIZE) }, "write"),
    ),
  ];
  container.dma.unmap(at.target, bytes(SIZE));
  attempts.push(attempt(host, target, "page unmapped again", () => write(edu, at.target)));

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

function placesIn({ windows }: Container): Places {
  const [window] = windows.list();
  if (window === undefined) throw new Error("the demo needs a window");
  const place = (index: number): Iova => iovaPlus(window.start, BigInt(index * SIZE));
  return { source: place(2), target: place(4), unmapped: place(6) };
}

/** Answers how many bytes arrived as they were. */
function copy(edu: EduDriver, at: Places, source: DmaMemory, target: DmaMemory): number {
  const from = source.bytes;
  for (let i = 0; i < from.length; i++) from[i] = (i * 7 + 13) & 0xff;
  edu.copy(at.source, at.target, SIZE);
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
function describeWindow({ start, last, pageSize, kind }: DmaWindow): WindowFact {
  const size = last - start + 1n;
  return { first: hex(start), last: hex(last), bytes: hex(size), pageSize, kind };
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
