// Hazards of MAP_DMA and UNMAP_DMA.

import { bytes, createIommu, hostPlus, iova } from "@iommukit/core";
import { type Hazard, must, refuses, type Safe } from "./hazard.ts";
import type { RawKernel } from "./raw.ts";

const AT = 0x10_0000;
const SCRATCH = 0x20_0000;
const PIECE = 64;

/** What the device reads at an IOVA: it copies that to a page of ours. */
function seen(kernel: RawKernel, page: Uint8Array, at: number): number | undefined {
  const edu = kernel.edu();
  edu.copyFromHost(iova(at), PIECE);
  edu.copyToHost(iova(SCRATCH), PIECE);
  return page[0];
}

/** Memory of four pages that is registered and filled, and a page of ours mapped at SCRATCH. */
function rawMapped(kernel: RawKernel): { scratch: Uint8Array; page: number; host: bigint } {
  const page = kernel.abi.pageSize;
  const memory = kernel.memory(8, 0x11);
  must(kernel.register(memory.address, 8 * page) === 0, "the memory is registered");
  const mapped = kernel.map(SCRATCH, memory.address + BigInt(7 * page), page);
  must(mapped === 0, "the scratch page is mapped");
  memory.bytes.fill(0x22, 4 * page, 7 * page);
  return { scratch: memory.bytes.subarray(7 * page), page, host: memory.address };
}

interface Mapped {
  readonly page: number;
  readonly first: ReturnType<ReturnType<typeof createIommu>["allocate"]>;
  readonly second: Mapped["first"];
}

/** Two pages mapped at AT, and two others registered. */
function safeMapped({ port, container }: Safe): Mapped {
  const iommu = createIommu(port);
  const page = port.abi.pageSize;
  const [first, second] = [iommu.allocate(2 * page), iommu.allocate(2 * page)];
  for (const memory of [first, second]) container.memory.register(memory.address, memory.size);
  first.bytes.fill(0x11);
  container.dma.map(iova(AT), first.address, first.size, "read");
  return { page, first, second };
}

/** The device still reads what was mapped first. */
function stillReads(safe: Safe, { first, second, page }: Mapped, at: number): void {
  first.bytes.fill(0x33);
  const target = iova(AT + 16 * page);
  safe.container.dma.map(target, second.address, second.size, "read-write");
  safe.edu.copyFromHost(iova(at), PIECE);
  safe.edu.copyToHost(target, PIECE);
  must(second.bytes[0] === 0x33, "the device reads the first mapping");
}

export const MAPPING_HAZARDS: readonly Hazard[] = [
  {
    name: "a map over a live mapping replaces it and answers 0",
    raw: (kernel) => {
      const { scratch, page, host } = rawMapped(kernel);
      must(kernel.map(AT, host, page) === 0, "the first map");
      must(seen(kernel, scratch, AT) === 0x11, "the device reads the first");
      must(kernel.map(AT, host + BigInt(4 * page), page) === 0, "the second map answers 0");
    },
    masked: (safe) => {
      const mapped = safeMapped(safe);
      const { dma } = safe.container;
      refuses("already-mapped", () =>
        dma.map(iova(AT), mapped.second.address, mapped.second.size, "read"),
      );
      stillReads(safe, mapped, AT);
    },
  },
  {
    name: "a map that fails clears older mappings before the page at which it failed",
    raw: (kernel) => {
      const { scratch, page, host } = rawMapped(kernel);
      must(kernel.map(AT, host, page) === 0, "the first map");
      // The second page of the request lies behind everything that is registered.
      const failed = kernel.map(AT, host + BigInt(7 * page), 2 * page);
      must(failed === kernel.errno("EINVAL"), `the second map answers ${failed}`);
      must(seen(kernel, scratch, AT) !== 0x11, "the older mapping is gone");
    },
    masked: (safe) => {
      const mapped = safeMapped(safe);
      const { dma } = safe.container;
      const beyond = hostPlus(mapped.second.address, mapped.page);
      refuses("already-mapped", () => dma.map(iova(AT), beyond, mapped.second.size, "read"));
      const free = iova(AT + 32 * mapped.page);
      refuses("memory-not-registered", () =>
        dma.map(free, beyond, bytes(64 * mapped.page), "read"),
      );
      stillReads(safe, mapped, AT);
    },
  },
  {
    name: "an unaligned IOVA is answered with 1, which is neither success nor an errno",
    raw: (kernel) => {
      const { page, host } = rawMapped(kernel);
      must(kernel.map(AT + 0x800, host, page) === 1, "map answers 1");
      must(kernel.unmap(AT + 0x800, page).result === 1, "unmap answers 1");
    },
    masked: (safe) => {
      const { first } = safeMapped(safe);
      const { dma } = safe.container;
      refuses("misaligned", () => dma.map(iova(0x800), first.address, first.size, "read"));
      refuses("misaligned", () => dma.unmap(iova(AT + 0x800), first.size));
      must(dma.mappings().length === 1, "one mapping is live");
    },
  },
  {
    name: "a map of no bytes answers 0, and so does an unmap",
    raw: (kernel) => {
      const { host } = rawMapped(kernel);
      must(kernel.map(AT, host, 0) === 0, "map answers 0");
      must(kernel.unmap(AT, 0).result === 0, "unmap answers 0");
    },
    masked: (safe) => {
      const { first } = safeMapped(safe);
      const { dma } = safe.container;
      refuses("zero-size", () => dma.map(iova(0), first.address, bytes(0), "read"));
      refuses("zero-size", () => dma.unmap(iova(AT), bytes(0)));
    },
  },
  {
    name: "an unmap of nothing answers 0 and says that it removed everything",
    raw: (kernel) => {
      rawMapped(kernel);
      const { result, size } = kernel.unmap(AT, 0x10_0000);
      must(result === 0 && size === 0x10_0000n, "the size is as it was asked");
    },
    masked: (safe) => {
      const { page } = safeMapped(safe);
      const free = iova(AT + 32 * page);
      refuses("not-mapped", () => safe.container.dma.unmap(free, bytes(page)));
    },
  },
  {
    name: "an unmap cuts a mapping in two and answers 0",
    raw: (kernel) => {
      const { scratch, page, host } = rawMapped(kernel);
      must(kernel.map(AT, host, 3 * page) === 0, "three pages are mapped");
      must(kernel.unmap(AT + page, page).result === 0, "the middle one is unmapped");
      must(seen(kernel, scratch, AT + 2 * page) === 0x11, "the last one is still there");
    },
    masked: (safe) => {
      const mapped = safeMapped(safe);
      const { dma } = safe.container;
      refuses("splits-mapping", () => dma.unmap(iova(AT + mapped.page), bytes(mapped.page)));
      stillReads(safe, mapped, AT + mapped.page);
    },
  },
  {
    name: "a mapping for writing alone can be read by the device",
    platform: "powernv",
    raw: (kernel) => {
      const { scratch, page, host } = rawMapped(kernel);
      must(kernel.map(AT, host, page, 2) === 0, "it is mapped for writing");
      must(seen(kernel, scratch, AT) === 0x11, "the device reads it");
    },
    masked: (safe) => {
      const { first, page } = safeMapped(safe);
      const free = iova(AT + 32 * page);
      const map = (): void => safe.container.dma.map(free, first.address, first.size, "write");
      refuses("not-offered", map);
    },
  },
];
