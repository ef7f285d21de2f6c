// type1.md 7.5: changing the memory behind live mappings.

import type { Case } from "./case.ts";
import { map, unmap } from "./steps/dma.ts";
import { openGroup, setContainer } from "./steps/files.ts";

const P = 0x1000n;
const A = 0x1_0000n;
const VADDR = 4;
const invalidate = { flags: VADDR };

const mapA = map({ at: A, size: 4n * P }, "0");
const invalidateA = unmap(A, 4n * P, "0, size 4P", invalidate);

export const VADDR_CASES: readonly Case[] = [
  {
    number: 85,
    section: "7.5",
    title: "a new vaddr for a valid mapping, and for none",
    from: "E2",
    steps: [
      mapA,
      map({ at: A, size: 4n * P, flags: VADDR }, "EINVAL"),
      map({ at: 0x5_0000n, size: 4n * P, flags: VADDR }, "ENOENT"),
    ],
  },
  {
    number: 86,
    section: "7.5",
    title: "invalidated, and once more",
    from: "E2",
    steps: [mapA, invalidateA, unmap(A, 4n * P, "EINVAL, size 4P", invalidate)],
  },
  {
    number: 88,
    section: "7.5",
    title: "a new vaddr for a part",
    from: "E2",
    steps: [
      mapA,
      invalidateA,
      map({ at: A, size: 2n * P, flags: VADDR }, "EINVAL"),
      map({ at: A + P, flags: VADDR }, "EINVAL"),
      map({ at: A, size: 4n * P, offset: 1, flags: VADDR }, "EINVAL"),
    ],
  },
  {
    number: 89,
    section: "7.5",
    title: "the new vaddr is not looked at",
    from: "E2",
    steps: [mapA, invalidateA, map({ at: A, size: 4n * P, vaddr: 0x1000n, flags: VADDR }, "0")],
  },
  {
    number: 90,
    section: "7.5",
    title: "while a mapping is invalid",
    from: "E2",
    needs: ["second group"],
    steps: [
      mapA,
      invalidateA,
      openGroup("group 2", 1),
      setContainer("group 2", "container", "EBUSY"),
      map({ at: 0x5_0000n }, "0"),
      map({ at: A }, "EEXIST"),
    ],
  },
  {
    number: 91,
    section: "7.5",
    title: "an invalid mapping is unmapped",
    from: "E2",
    needs: ["second group"],
    steps: [
      mapA,
      invalidateA,
      openGroup("group 2", 1),
      unmap(A, 4n * P, "0, size 4P"),
      setContainer("group 2", "container", "0"),
    ],
  },
  {
    number: 92,
    section: "7.5",
    title: "not with mediated devices",
    from: "EM",
    needs: ["mediated device"],
    steps: [mapA, unmap(A, 4n * P, "EBUSY, size 4P", invalidate)],
  },
];
