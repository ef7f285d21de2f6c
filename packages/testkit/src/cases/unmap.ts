// type1.md 7.4: UNMAP_DMA of both versions.

import type { Case } from "./case.ts";
import { dma } from "./steps/device.ts";
import { map, unmap } from "./steps/dma.ts";
import { openDevice } from "./steps/files.ts";
import { unmapReadOnly } from "./steps/machine.ts";
import { memory } from "./steps/memory.ts";

const P = 0x1000n;
const A = 0x1_0000n;
const B = 0x2_0000n;
const ALL = { flags: 2 };
const TOP = 2n ** 64n;
const HUGE = 0x20_0000n;

/** Four pages at 0x10000, and at 0x20000. */
const mapA = map({ at: A, size: 4n * P }, "0");
const mapB = map({ at: B, size: 4n * P, offset: 0x4000 }, "0");

const VERSION_2: readonly Case[] = [
  {
    number: 69,
    section: "7.4",
    title: "nothing there",
    from: "E2",
    steps: [unmap(0n, P, "0, size 0")],
  },
  {
    number: 70,
    section: "7.4",
    title: "misaligned, and the size that stays",
    from: "E2",
    steps: [unmap(1n, P, "EINVAL, size 1P")],
  },
  {
    number: 71,
    section: "7.4",
    title: "sizes that are none",
    from: "E2",
    steps: [
      unmap(0n, 0n, "EINVAL, size 0"),
      unmap(0n, P + 1n, "EINVAL, size 0x1001"),
      unmap(0x2000n, TOP - P, "EINVAL, size 4503599627370495P"),
    ],
  },
  {
    number: 74,
    section: "7.4",
    title: "a range over two mappings",
    from: "E2",
    steps: [mapA, mapB, unmap(0xf000n, 0x2_0000n, "0, size 8P")],
  },
  {
    number: 75,
    section: "7.4",
    title: "a range that ends at 2^64 meets nothing",
    from: "Edev",
    needs: ["edu"],
    steps: [
      mapA,
      unmap(P, TOP - P, "0, size 0"),
      map({ at: A }, "EEXIST"),
      dma(A + P, 1, "reached"),
    ],
  },
  {
    number: 76,
    section: "7.4",
    title: "a range from 0 to the last page but one",
    from: "E2",
    steps: [mapA, unmap(0n, TOP - P, "0, size 4P")],
  },
  {
    number: 78,
    section: "7.4",
    title: "everything, twice",
    from: "Edev",
    needs: ["edu"],
    steps: [
      mapA,
      mapB,
      unmap(0n, 0n, "0, size 8P", ALL),
      unmap(0n, 0n, "0, size 0", ALL),
      dma(A, 0, "blocked"),
    ],
  },
  {
    number: 79,
    section: "7.4",
    title: "one page inside a large mapping",
    from: "E2",
    steps: [
      memory("large", 1024),
      map({ at: HUGE, memory: "large", size: 2n * HUGE }, "0"),
      unmap(HUGE + 0x5000n, P, "EINVAL, size 1P"),
    ],
  },
  {
    number: 84,
    section: "7.4",
    title: "a result that cannot be written back",
    from: "Edev",
    needs: ["read-only memory", "edu"],
    steps: [
      map({ at: A }, "0"),
      unmapReadOnly(A, P, "EFAULT"),
      dma(A, 0, "blocked"),
      map({ at: A }, "0"),
    ],
  },
];

const VERSION_1: readonly Case[] = [
  {
    number: 80,
    section: "7.4",
    title: "v1: a page in the middle",
    from: "E1",
    steps: [mapA, unmap(A + P, P, "0, size 0")],
  },
  {
    number: 81,
    section: "7.4",
    title: "v1: from inside one mapping over the next",
    from: "E1",
    needs: ["edu"],
    steps: [
      mapA,
      mapB,
      unmap(0x1_2000n, 0x2_0000n, "0, size 0"),
      openDevice("device"),
      dma(B, 4, "reached"),
      unmap(B, 4n * P, "0, size 4P"),
    ],
  },
  {
    number: 82,
    section: "7.4",
    title: "v1: the first page takes the whole mapping",
    from: "E1",
    needs: ["edu"],
    steps: [mapA, unmap(A, P, "0, size 4P"), openDevice("device"), dma(A + P, 1, "blocked")],
  },
  {
    number: 83,
    section: "7.4",
    title: "v1: a range over both",
    from: "E1",
    steps: [mapA, mapB, unmap(0xf000n, 0x1_2000n, "0, size 8P")],
  },
];

export const UNMAP_CASES: readonly Case[] = [...VERSION_2, ...VERSION_1];
