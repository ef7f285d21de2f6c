// type1.md 7.3: MAP_DMA, its checks in order, and what it counts.

import type { Case } from "./case.ts";
import { mapRegion, setCommand } from "./steps/device.ts";
import { lockedSince, map, noteLocked, unmap } from "./steps/dma.ts";
import { available } from "./steps/info.ts";
import { lastValidPage, msiEnd, msiStart, shortenedFile } from "./steps/machine.ts";
import { memory, memoryWithHole } from "./steps/memory.ts";

const AT = 0x1000_0000n;
const P = 0x1000n;
const READ = 1;
const WRITE = 2;
const UNMAPPED = 0x1000n;
const KERNEL = 0xffff_8880_0000_0000n;

const CHECKS: readonly Case[] = [
  {
    number: 42,
    section: "7.3",
    title: "argsz and flags",
    from: "E2",
    steps: [
      map({ at: AT, argsz: 31 }, "EINVAL"),
      map({ at: AT, flags: 8 }, "EINVAL"),
      map({ at: AT, flags: 0 }, "EINVAL"),
      map({ at: AT, flags: 5 }, "EINVAL"),
    ],
  },
  {
    number: 43,
    section: "7.3",
    title: "alignment",
    from: "E2",
    steps: [
      map({ at: AT, size: 0n }, "EINVAL"),
      map({ at: AT, size: 1n }, "EINVAL"),
      map({ at: AT, size: 4097n }, "EINVAL"),
      map({ at: AT + 1n }, "EINVAL"),
      map({ at: AT, offset: 1 }, "EINVAL"),
    ],
  },
  {
    number: 45,
    section: "7.3",
    title: "overlap and neighbours",
    from: "E2",
    steps: [
      map({ at: AT }, "0"),
      map({ at: AT - P, size: 2n * P }, "EEXIST"),
      map({ at: AT - P }, "0"),
      map({ at: AT + P }, "0"),
    ],
  },
  {
    number: 46,
    section: "7.3",
    title: "overlap comes before the MSI window",
    from: "E2",
    needs: ["MSI window"],
    steps: [map({ at: AT + P }, "0"), map({ at: AT + P, size: 0xef00_0000n }, "EEXIST")],
  },
  {
    number: 47,
    section: "7.3",
    title: "around the MSI window",
    from: "E2",
    needs: ["MSI window"],
    steps: [
      map({ at: msiStart(0n) }, "EINVAL"),
      map({ at: msiEnd(-P) }, "EINVAL"),
      map({ at: msiStart(-P) }, "0"),
      map({ at: msiEnd(0n) }, "0"),
    ],
  },
  {
    number: 48,
    section: "7.3",
    title: "the MSI window comes before the fault",
    from: "E2",
    needs: ["MSI window"],
    steps: [map({ at: msiStart(0n), vaddr: UNMAPPED }, "EINVAL")],
  },
  {
    number: 49,
    section: "7.3",
    title: "the end of a range",
    from: "E2",
    steps: [map({ at: lastValidPage(0n) }, "0"), map({ at: lastValidPage(P) }, "EINVAL")],
  },
];

const PINNING: readonly Case[] = [
  {
    number: 50,
    section: "7.3",
    title: "memory that is not there",
    from: "E2",
    steps: [map({ at: AT, vaddr: UNMAPPED }, "EFAULT"), map({ at: AT, vaddr: KERNEL }, "EFAULT")],
  },
  {
    number: 51,
    section: "7.3",
    title: "PROT_READ memory",
    from: "E2",
    steps: [
      memory("readable", 1, "read"),
      map({ at: AT, memory: "readable", flags: WRITE }, "EFAULT"),
      map({ at: AT, memory: "readable", flags: READ }, "0"),
    ],
  },
  {
    number: 52,
    section: "7.3",
    title: "PROT_NONE memory and PROT_WRITE memory",
    from: "E2",
    steps: [
      memory("none", 1, "none"),
      map({ at: AT, memory: "none", flags: READ }, "EFAULT"),
      memory("writable", 1, "write"),
      map({ at: AT, memory: "writable", flags: READ }, "EFAULT"),
    ],
  },
  {
    number: 53,
    section: "7.3",
    title: "a hole in the middle",
    from: "E2",
    steps: [
      noteLocked(),
      memoryWithHole("area", 5, 2),
      map({ at: AT, memory: "area", size: 8n * P }, "EFAULT"),
      available(65_535),
      lockedSince(0),
      map({ at: AT, memory: "area", size: 4n * P }, "0"),
    ],
  },
  {
    number: 54,
    section: "7.3",
    title: "a file of one page",
    from: "E2",
    needs: ["memory file"],
    steps: [
      shortenedFile(2, 1),
      map({ at: AT, memory: "file" }, "0"),
      map({ at: AT + P, memory: "file", offset: 4096 }, "EFAULT"),
    ],
  },
  {
    number: 56,
    section: "7.3",
    title: "a mapped BAR, with memory decode on and off",
    from: "Edev",
    steps: [
      noteLocked(),
      setCommand(2),
      mapRegion("BAR0", 0, "mapped"),
      map({ at: AT, memory: "BAR0" }, "0"),
      lockedSince(0),
      unmap(AT, P, "0, size 1P"),
      setCommand(0),
      map({ at: AT, memory: "BAR0" }, "EFAULT"),
    ],
  },
];

export const MAP_CASES: readonly Case[] = [...CHECKS, ...PINNING];
