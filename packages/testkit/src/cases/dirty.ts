// type1.md 7.6: dirty tracking, bit by bit.

import type { Case } from "./case.ts";
import { dirty, getDirty, unmapDirty } from "./steps/dirty.ts";
import { map, unmap } from "./steps/dma.ts";

const P = 0x1000n;
const A = 0x1_0000n;
const START = 1;
const STOP = 2;
const ALL = 2;
const KERNEL = 0xffff_8880_0000_0000n;
const UNMAPPED = 0x1000n;
const TIB = 2n ** 40n;
const A_RANGE = { at: A, size: 4n * P };
const PAGE = { at: A, size: P };

const mapA = map({ at: A, size: 4n * P }, "0");
const mapPage = map({ at: A }, "0");
const start = dirty(START, "0");

export const DIRTY_CASES: readonly Case[] = [
  {
    number: 94,
    section: "7.6",
    title: "flags and argsz",
    from: "E2",
    steps: [dirty(0, "EINVAL"), dirty(3, "EINVAL"), dirty(8, "EINVAL"), dirty(START, "EINVAL", 7)],
  },
  {
    number: 96,
    section: "7.6",
    title: "the bitmap while tracking is off",
    from: "E2",
    steps: [mapA, getDirty(A_RANGE, "EINVAL")],
  },
  {
    number: 97,
    section: "7.6",
    title: "a bitmap of one byte, and of eight",
    from: "E2",
    steps: [
      start,
      mapA,
      getDirty({ ...A_RANGE, bytes: 1n }, "EINVAL"),
      getDirty(A_RANGE, "0, 0xf"),
    ],
  },
  {
    number: 98,
    section: "7.6",
    title: "the bitmap again",
    from: "E2",
    steps: [start, mapA, getDirty(A_RANGE, "0, 0xf"), getDirty(A_RANGE, "0, 0xf")],
  },
  {
    number: 102,
    section: "7.6",
    title: "stale bits: the user's words and an earlier shift show through",
    from: "E2",
    steps: [
      mapA,
      start,
      getDirty({ at: A - P, size: 5n * P }, "0, 0x1e"),
      getDirty(
        { at: 0n, size: 128n * P, bytes: 16n, fill: 0xaa },
        "0, 0xaaaaaaaaaabfaaaa 0xaaaaaaaaaaaaaaaa",
        2,
      ),
    ],
  },
  {
    number: 105,
    section: "7.6",
    title: "a bitmap beyond 256 MiB",
    from: "E2",
    steps: [start, mapA, getDirty({ ...A_RANGE, bytes: 0x1000_0001n }, "EINVAL")],
  },
  {
    number: 106,
    section: "7.6",
    title: "a bitmap in kernel space, and where nothing is mapped",
    from: "E2",
    steps: [
      start,
      mapA,
      getDirty({ ...A_RANGE, data: KERNEL }, "EINVAL"),
      getDirty({ ...A_RANGE, data: UNMAPPED }, "EFAULT"),
    ],
  },
  {
    number: 107,
    section: "7.6",
    title: "UNMAP with a bitmap",
    from: "E2",
    steps: [
      start,
      mapPage,
      unmapDirty({ ...PAGE, argsz: 47 }, "EINVAL"),
      unmapDirty({ ...PAGE, pageSize: 8192n }, "EINVAL"),
      unmapDirty(PAGE, "0, size 1P, 0x1"),
    ],
  },
  {
    number: 108,
    section: "7.6",
    title: "UNMAP with a bitmap that cannot be written",
    from: "E2",
    steps: [
      start,
      mapPage,
      unmapDirty({ ...PAGE, data: UNMAPPED }, "EFAULT"),
      map({ at: A }, "EEXIST"),
    ],
  },
  {
    number: 109,
    section: "7.6",
    title: "UNMAP with a bitmap after STOP",
    from: "E2",
    steps: [start, mapPage, dirty(STOP, "0"), unmapDirty(PAGE, "EINVAL")],
  },
  {
    number: 110,
    section: "7.6",
    title: "a mapping too large for a bitmap",
    from: "EM",
    needs: ["mediated device"],
    steps: [
      map({ at: 0n, size: 8n * TIB }, "0"),
      dirty(START, "EINVAL"),
      unmap(0n, 0n, "0, size 2147483648P", { flags: ALL }),
      start,
      map({ at: 0n, size: 8n * TIB }, "EINVAL"),
      mapPage,
    ],
  },
  {
    number: 111,
    section: "7.6",
    title: "nothing pinned, nothing dirty",
    from: "EM",
    needs: ["mediated device"],
    steps: [start, mapA, getDirty(A_RANGE, "0, 0x0")],
  },
];
