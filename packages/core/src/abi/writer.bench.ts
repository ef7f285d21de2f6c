// What filling vfio_iommu_type1_dma_map costs, beside the ways it must not be done.
//
// Run with `vitest bench`. Figures in writer.ts are ratios, since one machine's nanoseconds say
// nothing on another: this bench prints the numbers again, and checks the one that matters, that a
// compiled writer is at least ten times faster than interpreting the table into a new buffer.

import { expect, test } from "vitest";
import type { Field, Fields, Layout } from "./layout.ts";
import { struct, u32, u64 } from "./layout.ts";
import { abiProfile } from "./profile.ts";
import { createWriter } from "./writer.ts";

const MAP = struct("vfio_iommu_type1_dma_map", 32, {
  argsz: u32(0),
  flags: u32(4),
  vaddr: u64(8),
  iova: u64(16),
  size: u64(24),
});
const ADDRESSES = Array.from({ length: 1024 }, (_, i) => 0x7f00_0000_0000n + BigInt(i) * 4096n);
const CALLS = 1000;

function compiled(arch: "x86_64" | "ppc64"): () => void {
  const { set } = createWriter(MAP, abiProfile(arch, 4096));
  return () => {
    for (let i = 0; i < CALLS; i++) {
      const address = ADDRESSES[i & 1023] ?? 0n;
      set.flags(3);
      set.vaddr(address);
      set.iova(address);
      set.size(4096n);
    }
  };
}

function byHand(): void {
  const longs = new BigUint64Array(4);
  const words = new Uint32Array(longs.buffer);
  for (let i = 0; i < CALLS; i++) {
    const address = ADDRESSES[i & 1023] ?? 0n;
    words[1] = 3;
    longs[1] = address;
    longs[2] = address;
    longs[3] = 4096n;
  }
}

function interpret<F extends Fields>(layout: Layout<F>, values: Record<string, number | bigint>) {
  const view = new DataView(new ArrayBuffer(layout.size));
  for (const [name, field] of Object.entries<Field>(layout.fields)) {
    if (field.form !== "scalar") continue;
    const value = values[name] ?? 0;
    if (typeof value === "bigint") view.setBigUint64(field.offset, value, true);
    else view.setUint32(field.offset, value, true);
  }
  return view;
}

function interpreted(): void {
  for (let i = 0; i < CALLS; i++) {
    const address = ADDRESSES[i & 1023] ?? 0n;
    interpret(MAP, { argsz: 32, flags: 3, vaddr: address, iova: address, size: 4096n });
  }
}

test("1000 maps", async ({ bench }) => {
  const results = await bench.compare(
    bench("by hand, unchecked", byHand),
    bench("writer", compiled("x86_64")),
    bench("writer, other byte order", compiled("ppc64")),
    bench("table interpreted into a new buffer", interpreted),
    { time: 300 },
  );
  const mean = (name: string) => results.get(name).latency.mean;
  expect(mean("table interpreted into a new buffer")).toBeGreaterThan(10 * mean("writer"));
});
