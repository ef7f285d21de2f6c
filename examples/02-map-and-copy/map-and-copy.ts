// Lets a device copy one page to another, and proves what it can and cannot reach.

import { bytes, createIommu, iova, KiB } from "@iommukit/core";
import type { Host } from "@iommukit/lab";
import { EDU_PIECE_BYTES, openEdu } from "@iommukit/testkit/drivers";
import { type1 } from "@iommukit/type1-x86";

const PAGE = 4 * KiB;
const SOURCE = iova(0x0010_0000);
const TARGET = iova(0x0020_0000);
const UNMAPPED = iova(0x0030_0000);

export default function mapAndCopy(host: Host): void {
  const chosen = host.devices.find((device) => device.kind === "edu");
  if (chosen === undefined) throw new Error(`${host.target} has no edu device`);

  const iommu = createIommu(host.port);
  using source = iommu.allocate(PAGE);
  using target = iommu.allocate(PAGE);
  using container = iommu.openContainer({
    groups: [chosen.group],
    backends: [type1()],
    // QEMU's virtio-iommu does not remap interrupts; leave this out where you need that it is done.
    accept: ["unsafe-interrupts"],
  });
  using device = container.openDevice(chosen.address);
  const edu = openEdu(device);

  // Memory is announced before it is mapped: sPAPR needs it, elsewhere it costs nothing.
  for (const memory of [source, target]) container.memory.register(memory.address, memory.size);
  source.bytes.forEach((_, i) => {
    source.bytes[i] = pattern(i);
  });

  container.dma.map(SOURCE, source.address, bytes(PAGE), "read");
  container.dma.map(TARGET, target.address, bytes(PAGE), "read-write");
  edu.copy(SOURCE, TARGET, PAGE);
  host.log({ copied: PAGE, equal: same(source.bytes, target.bytes) });

  // The device's own memory still holds half of the page. Where it may not write, nothing changes.
  target.bytes.fill(0);
  edu.copyToHost(UNMAPPED, EDU_PIECE_BYTES);
  edu.copyToHost(SOURCE, EDU_PIECE_BYTES);
  host.log({ blocked: "unmapped page", bytesChanged: changed(target.bytes, () => 0) });
  host.log({ blocked: "read-only page", bytesChanged: changed(source.bytes, pattern) });

  container.dma.unmap(TARGET, bytes(PAGE));
  edu.copyToHost(TARGET, EDU_PIECE_BYTES);
  host.log({ blocked: "page unmapped again", bytesChanged: changed(target.bytes, () => 0) });

  host.log({ stillMapped: container.dma.mappings().length, backend: container.backend });
}

function pattern(i: number): number {
  return (i * 7 + 13) & 0xff;
}

function same(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((value, i) => value === b[i]);
}

function changed(memory: Uint8Array, expected: (i: number) => number): number {
  return memory.reduce((sum, value, i) => sum + (value === expected(i) ? 0 : 1), 0);
}
