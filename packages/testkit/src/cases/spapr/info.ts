// spapr.md 9.2: GET_INFO, and what was found beside it.

import type { Case } from "../case.ts";
import { unsetContainer } from "../steps/files.ts";
import { fork } from "../steps/machine.ts";
import { childMemory } from "../steps/memory.ts";
import { byPage, byPlatform, GIB } from "./places.ts";
import { create, locked, pages, register, remove, withNull } from "./steps.ts";
import { infoReadOnly, showInfo } from "./steps-info.ts";
import { neighbours } from "./steps-memory.ts";
import { childCalls, childGetsInfo, childRegisters } from "./steps-other.ts";
import { section } from "./table.ts";

const HEAD = byPlatform("0x1 0x0 0x80000000", "0x1 0x0 0x40000000");
const HEAD_V1 = byPlatform("0x0 0x0 0x80000000", "0x0 0x0 0x40000000");
const DDW = byPlatform("0x40211000 0x2 0x5", "0x1211000 0x2 0x1");
const ENABLE = 15;

export const INFO_CASES: readonly Case[] = section("9.2", [
  {
    number: 18,
    title: "argsz below 16",
    from: "V2",
    steps: [showInfo(15, "EINVAL")],
  },
  {
    number: 19,
    title: "argsz from 16 to 31: the dynamic part is not written",
    from: "V2",
    steps: [16, 24, 31].map((argsz) =>
      showInfo(argsz, (bench) => `0: argsz ${argsz}, ${HEAD(bench)}`),
    ),
  },
  {
    number: 20,
    title: "argsz above 32",
    from: "V2",
    steps: [showInfo(48, (bench) => `0: argsz 48, ${HEAD(bench)} | ${DDW(bench)}`)],
  },
  {
    number: 21,
    title: "version 1 has no dynamic windows",
    from: "V1",
    steps: [showInfo(32, (bench) => `0: argsz 32, ${HEAD_V1(bench)} | 0x0 0x0 0x0`)],
  },
  {
    number: 22,
    title: "memory that cannot be written",
    from: "V2",
    needs: ["read-only memory"],
    steps: [withNull("GET_INFO", 12, "EFAULT"), infoReadOnly("EFAULT")],
  },
  {
    number: 22.1,
    title: "a failed ENABLE remembers the process too",
    from: "V1",
    needs: ["limited process"],
    steps: [
      fork({ lockedPages: 16 }),
      childCalls("ENABLE", ENABLE, 0, "ENOMEM"),
      showInfo(32, "EPERM"),
      childGetsInfo("0"),
    ],
  },
  {
    number: 22.2,
    title: "an overlap is found only after the pages were pinned",
    from: "V2",
    steps: [
      neighbours("area", [{ count: 5 }, { count: 1, kind: "hole" }, { count: 2 }]),
      register({ memory: "area" }, pages(2n), "0"),
      register({ memory: "area" }, pages(8n), "5"),
      register({ memory: "area" }, pages(4n), "EINVAL"),
      locked(({ page }) => 2 * page),
    ],
  },
  {
    number: 22.3,
    title: "over the limit an overlap is ENOMEM, an exact repetition EBUSY",
    from: "V2",
    needs: ["limited process"],
    steps: [
      fork({ lockedPages: 16 }),
      childMemory("own", 2 * 16 * 16),
      childRegisters("own", 0, 16, "0"),
      childRegisters("own", 0, 16, "EBUSY"),
      childRegisters("own", 8, 16, "ENOMEM"),
    ],
  },
  {
    number: 22.4,
    title: "a leaked charge survives UNSET_CONTAINER",
    from: "V2",
    needs: ["bare metal"],
    leak: (bench) => Number(byPage("48", "640")(bench)),
    steps: [
      remove(0n, "0"),
      create(16, GIB / 16n, 5, "EINVAL"),
      unsetContainer("group", "0"),
      locked((charges) => (charges.page === 4 ? 48 : 640)),
    ],
  },
]);
