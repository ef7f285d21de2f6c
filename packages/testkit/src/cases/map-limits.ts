// type1.md 7.3, the rest: limits of entries and of locked memory, and whose mapping it is.

import type { Case } from "./case.ts";
import { lockedSince, map, unmap } from "./steps/dma.ts";
import { setIommu } from "./steps/files.ts";
import { exitChild, fork, setParameter } from "./steps/machine.ts";
import { childMemory } from "./steps/memory.ts";

const AT = 0x1000_0000n;
const P = 0x1000n;
const UNMAPPED = 0x1000n;

export const MAP_LIMIT_CASES: readonly Case[] = [
  {
    number: 60,
    section: "7.3",
    title: "dma_entry_limit counts from SET_IOMMU",
    from: "C1",
    needs: ["entry limit"],
    steps: [
      setParameter("dma_entry_limit", "3"),
      setIommu(3, "0"),
      setParameter("dma_entry_limit", "10"),
      ...[0n, 1n, 2n].map((page) => map({ at: AT + page * P }, "0")),
      map({ at: AT + 3n * P }, "ENOSPC"),
    ],
  },
  {
    number: 62,
    section: "7.3",
    title: "limit of 8 pages: 9 at once",
    from: "E2",
    needs: ["limited process"],
    steps: [
      fork({ lockedPages: 8 }),
      childMemory("own", 9),
      map({ at: AT, memory: "own", size: 9n * P, by: "child" }, "ENOMEM"),
      lockedSince(0, "child"),
    ],
  },
  {
    number: 63,
    section: "7.3",
    title: "limit of 8 pages: one page at 9 addresses",
    from: "E2",
    needs: ["limited process"],
    steps: [
      fork({ lockedPages: 8 }),
      childMemory("own", 1),
      ...Array.from({ length: 8 }, (_, page) =>
        map({ at: AT + BigInt(page) * P, memory: "own", by: "child" }, "0"),
      ),
      map({ at: AT + 8n * P, memory: "own", by: "child" }, "ENOMEM"),
    ],
  },
  {
    number: 64,
    section: "7.3",
    title: "limit 0",
    from: "E2",
    needs: ["limited process"],
    steps: [
      fork({ lockedPages: 0 }),
      childMemory("own", 1),
      map({ at: AT, memory: "own", by: "child" }, "ENOMEM"),
    ],
  },
  {
    number: 65,
    section: "7.3",
    title: "the process that mapped is gone",
    from: "E2",
    needs: ["fork"],
    steps: [
      fork(),
      childMemory("own", 16),
      map({ at: AT, memory: "own", size: 16n * P, by: "child" }, "0"),
      exitChild(),
      map({ at: AT }, "EEXIST"),
      unmap(AT, 16n * P, "0, size 16P"),
    ],
  },
  {
    number: 66,
    section: "7.3",
    title: "a mediated device's container pins nothing",
    from: "EM",
    needs: ["mediated device"],
    steps: [map({ at: AT, vaddr: UNMAPPED }, "0"), map({ at: 0xfee0_0000n }, "0")],
  },
];
