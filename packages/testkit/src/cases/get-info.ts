// type1.md 7.2: IOMMU_GET_INFO, written bytes included.

import { answer } from "./answer.ts";
import type { Case } from "./case.ts";
import { checkExtensions } from "./steps/files.ts";
import { chainOf, getInfo, type Info, isUntouched, neededBytes } from "./steps/info.ts";
import { infoAtEndOfPage } from "./steps/memory.ts";

const ARGSZ = 0;
const FLAGS = 4;
const PAGE_SIZES = 8;
const CAP_OFFSET = 16;

const head = ({ rc, field, bytes }: Info): string =>
  `${answer(rc)}, flags ${field(FLAGS, 4)}, ${isUntouched(bytes, 16)}`;

export const GET_INFO_CASES: readonly Case[] = [
  {
    number: 34,
    section: "7.2",
    title: "one byte short",
    from: "E2",
    steps: [getInfo(15, "EINVAL")],
  },
  {
    number: 35,
    section: "7.2",
    title: "the first ABI's size",
    from: "E2",
    steps: [getInfo(16, "0, flags 3, untouched", head)],
  },
  {
    number: 37,
    section: "7.2",
    title: "one byte too few for the chain",
    from: "E2",
    steps: [
      getInfo(
        (bench) => neededBytes(bench) - 1,
        (bench) => `argsz ${neededBytes(bench)}, cap_offset 0, untouched`,
        ({ field, bytes }) =>
          `argsz ${field(ARGSZ, 4)}, cap_offset ${field(CAP_OFFSET, 4)}, ${isUntouched(bytes, 24)}`,
      ),
    ],
  },
  {
    number: 38,
    section: "7.2",
    title: "more than enough",
    from: "E2",
    steps: [
      getInfo(4000, "argsz 4000, cap_offset 24, chain 2@24 3@56 1@72", (info) => {
        const offset = info.field(CAP_OFFSET, 4);
        return `argsz ${info.field(ARGSZ, 4)}, cap_offset ${offset}, chain ${chainOf(info)}`;
      }),
    ],
  },
  {
    number: 39,
    section: "7.2",
    title: "a struct at the end of what is mapped",
    from: "E2",
    steps: [infoAtEndOfPage(16, 16, "0"), infoAtEndOfPage(24, 16, "EFAULT")],
  },
  {
    number: 40,
    section: "7.2",
    title: "a mediated device's container",
    from: "EM",
    needs: ["mediated device"],
    steps: [
      getInfo(4000, "pgsizes 0xfffffffffffff000, chain 2@24 3@56", (info) => {
        const sizes = info.field(PAGE_SIZES, 8).toString(16);
        return `pgsizes 0x${sizes}, chain ${chainOf(info)}`;
      }),
    ],
  },
  {
    number: 41,
    section: "7.2",
    title: "a mediated device's container and CHECK_EXTENSION",
    from: "EM",
    needs: ["mediated device"],
    steps: [checkExtensions([4, 10], "1 0")],
  },
];
