// spapr.md 9.3: version 1: ENABLE and DISABLE, the default window, replaced entries.

import type { Case } from "../case.ts";
import { lockedSince } from "../steps/dma.ts";
import { openDevice, unsetContainer } from "../steps/files.ts";
import { fork } from "../steps/machine.ts";
import { memory } from "../steps/memory.ts";
import { K } from "./places.ts";
import {
  create,
  disable,
  enable,
  locked,
  map,
  PAGE,
  register,
  remove,
  unmap,
  unregister,
} from "./steps.ts";
import { deviceReads, mark } from "./steps-dma.ts";
import { neighbours } from "./steps-memory.ts";
import { childCalls } from "./steps-other.ts";
import { section } from "./table.ts";

const ENABLE = 15;
const READ = 1;

export const V1_CASES: readonly Case[] = section("9.3", [
  {
    number: 24,
    title: "before ENABLE",
    from: "V1",
    steps: [map({}, 0n, K, "EPERM"), unmap(0n, K, "EPERM"), disable("0")],
  },
  {
    number: 25,
    title: "commands of version 2",
    from: "V1",
    steps: [
      register({}, PAGE, "ENOTTY"),
      unregister({}, PAGE, "ENOTTY"),
      create(12, 1n << 30n, 1, "ENOTTY"),
      remove(0n, "ENOTTY"),
    ],
  },
  {
    number: 26,
    title: "ENABLE counts the whole window, once",
    from: "V1",
    steps: [enable("0"), enable("EBUSY"), locked(({ enable: counted }) => counted)],
  },
  {
    number: 27,
    title: "the table is counted with the first MAP",
    from: "V1",
    steps: [
      enable("0"),
      map({}, 0n, K, "0"),
      locked(({ enable: counted, window }) => counted + window),
    ],
  },
  {
    number: 28,
    title: "a second MAP of the same address replaces the first",
    from: "V1",
    needs: ["edu"],
    steps: [
      enable("0"),
      openDevice("device"),
      mark("p", 1),
      map({}, 0n, K, "0"),
      map({ offset: K }, 0n, K, "0"),
      deviceReads(0n, "2"),
    ],
  },
  {
    number: 29,
    title: "UNMAP twice",
    from: "V1",
    steps: [enable("0"), map({}, 0n, K, "0"), unmap(0n, K, "0"), unmap(0n, K, "0")],
  },
  {
    number: 30,
    title: "DISABLE gives back what ENABLE counted, and mappings stay",
    from: "V1",
    needs: ["edu"],
    steps: [
      enable("0"),
      openDevice("device"),
      mark("p", 1),
      map({}, 0n, K, "0"),
      deviceReads(0n, "1"),
      disable("0"),
      locked(({ window }) => window),
      unmap(0n, K, "EPERM"),
      enable("0"),
      locked(({ enable: counted, window }) => counted + window),
      deviceReads(0n, "1"),
    ],
  },
  {
    number: 31,
    title: "PROT_READ memory cannot be mapped, even to be read",
    from: "V1",
    steps: [
      memory("readable", 16, "read"),
      enable("0"),
      map({ memory: "readable" }, 0n, K, "EFAULT", { flags: READ }),
    ],
  },
  {
    number: 32,
    title: "a MAP that fails clears what it replaced, and leaves what it did not reach",
    from: "V1",
    needs: ["edu"],
    steps: [
      enable("0"),
      openDevice("device"),
      mark("p", 1),
      neighbours("q", [{ count: 1 }, { count: 1, kind: "hole" }]),
      mark("q", 200),
      ...failsAtSecondPage(),
    ],
  },
  {
    number: 34,
    title: "ENABLE over the limit counts nothing",
    from: "V1",
    needs: ["limited process"],
    steps: [
      fork({ lockedPages: 16 }),
      childCalls("ENABLE", ENABLE, 0, "ENOMEM"),
      lockedSince(0, "child"),
    ],
  },
  {
    number: 35,
    title: "everything goes back with the last group",
    from: "V1",
    steps: [enable("0"), map({}, 0n, K, "0"), unsetContainer("group", "0"), locked(0)],
  },
]);

/** `q` is one page of the kernel and then a hole: 16 window pages or one, of a map of two of them. */
function failsAtSecondPage(): Case["steps"] {
  const kernelPage = 0x1_0000n;
  return [
    map({}, 0n, 2n * kernelPage, "0"),
    map({ memory: "q" }, 0n, 2n * kernelPage, "EFAULT"),
    deviceReads(0n, "nothing"),
    // Page 17 lies beyond the hole on either kernel.
    deviceReads(kernelPage + K, "18"),
  ];
}
