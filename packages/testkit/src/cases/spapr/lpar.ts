// spapr.md 9.9: an LPAR: windows that firmware gives out, no sharing, and a PE that one failure poisons.

import { CONTAINER } from "../bench.ts";
import type { Case, Step } from "../case.ts";
import {
  close,
  openContainer,
  openDevice,
  openGroup,
  setContainer,
  setIommu,
  unsetContainer,
} from "../steps/files.ts";
import { GIB, K, M } from "./places.ts";
import { create, enable, locked, map, register, remove } from "./steps.ts";
import { deviceReads, mark } from "./steps-dma.ts";
import { showInfo } from "./steps-info.ts";
import { section } from "./table.ts";

type Row = Omit<Case, "section">;

const REG: Step = register({}, M, "0");
const AT_0 = "0 at 0x0";
const AT_59 = "0 at 0x800000000000000";
/** What the kernel counts for several levels before it refuses them. */
const SEVERAL_LEVELS = 4_194_300;

const ROWS: readonly Row[] = [
  {
    number: 126,
    title: "GET_INFO",
    from: "V2",
    steps: [showInfo(32, "0: argsz 32, 0x1 0x0 0x40000000 | 0x1211000 0x2 0x1")],
  },
  {
    number: 127,
    title: "the default window's charge: the user's view alone",
    from: "V2",
    steps: [REG, locked(1024), map({}, 0n, K, "0"), locked(1024 + 2048)],
  },
  {
    number: 128,
    title: "the first window after REMOVE lies at bit 59: firmware still counts the default one",
    from: "V2",
    steps: [remove(0n, "0"), create(16, GIB, 1, AT_59), locked(128)],
  },
  {
    number: 131,
    title: "level 0 is 1; several levels leak what they were counted as",
    from: "V2",
    leak: () => SEVERAL_LEVELS,
    steps: [
      remove(0n, "0"),
      create(12, GIB / 2n, 0, AT_0),
      locked(1024),
      create(12, GIB / 2n, 2, "EINVAL"),
      locked(1024 + SEVERAL_LEVELS),
    ],
  },
  {
    number: 132,
    title: "sizes: 0 is not counted, what is no power of two leaks",
    from: "V2",
    leak: () => 4,
    steps: [
      remove(0n, "0"),
      create(12, 0n, 1, "EINVAL"),
      locked(0),
      create(12, 3n * M, 1, "EINVAL"),
      locked(4),
    ],
  },
  {
    number: 133,
    title: "a window belongs to one group",
    from: "V2",
    needs: ["second group"],
    steps: [
      openGroup("group 2", 1),
      setContainer("group 2", CONTAINER, "0"),
      REG,
      map({}, 0n, K, "EPERM"),
      unsetContainer("group 2", "0"),
      map({}, 0n, K, "0"),
      setContainer("group 2", CONTAINER, "EPERM"),
    ],
  },
  {
    number: 134,
    title: "version 1",
    from: "V1",
    needs: ["edu"],
    steps: [
      enable("0"),
      locked(1_048_576),
      openDevice("device"),
      mark("p", 1),
      map({}, 0n, K, "0"),
      locked(1_048_576 + 2048),
      deviceReads(0n, "1"),
    ],
  },
];

/** Until the next boot nothing can be made on this PE any more. */
const POISONING: readonly Row[] = [
  {
    number: 129,
    title: "a request that firmware cannot meet poisons the PE",
    from: "V2",
    leak: () => 256 + 2048,
    steps: [
      remove(0n, "0"),
      create(16, GIB, 1, AT_59),
      create(21, 1n << 36n, 1, "ENODEV"),
      locked(128 + 256),
      unsetContainer("group", "0"),
      close(CONTAINER),
      openContainer("container 2"),
      setContainer("group", "container 2", "0"),
      setIommu(7, "0", "container 2"),
      register({}, M, "0", { container: "container 2" }),
      map({}, 0n, K, "ENODEV", { container: "container 2" }),
      remove(0n, "0", { container: "container 2" }),
      create(12, M, 1, "ENODEV", { container: "container 2" }),
    ],
  },
];

const withLpar = (rows: readonly Row[]): readonly Row[] =>
  rows.map((row) => ({ ...row, needs: ["LPAR" as const, ...(row.needs ?? [])] }));

export const LPAR_CASES: readonly Case[] = section("9.9", withLpar(ROWS));

/** Run last: their device is of no use after them. */
export const POISONING_CASES: readonly Case[] = section("9.9", withLpar(POISONING));
