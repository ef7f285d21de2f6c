// spapr.md 9.1: the container, its groups, and which process may act.

import { answer } from "../answer.ts";
import { CONTAINER } from "../bench.ts";
import { type Case, type Step, step } from "../case.ts";
import {
  checkExtensions,
  close,
  groupStatus,
  openDevice,
  openGroup,
  setContainer,
  setIommu,
  unsetContainer,
} from "../steps/files.ts";
import { fork } from "../steps/machine.ts";
import { byPlatform, K } from "./places.ts";
import { enable, map } from "./steps.ts";
import { getInfo } from "./steps-info.ts";
import { childAsksEeh, childCalls, childGetsInfo } from "./steps-other.ts";
import { section } from "./table.ts";

/** TCGETS of powerpc: a terminal's ioctl. */
const TERMINAL = 0x402c_7413;
const API_VERSION = 0;
const CHECK = 1;
const SET_IOMMU = 2;
const ENABLE = 15;
/** 199 - 100: no command of VFIO. */
const UNKNOWN = 99;

function unknown(name: string, command: number, expected: string): Step {
  return step(`ioctl nr ${100 + command}`, expected, (bench) => answer(bench.call(name, command)));
}

const terminal: Step = step("a terminal's ioctl", "EINVAL", (bench) =>
  answer(bench.port.ioctl(bench.fd(CONTAINER), TERMINAL, new Uint8Array(64))),
);

const openNull: Step = step("open(/dev/null) as null", "fd", (bench) =>
  bench.open("null", "/dev/null") < 0 ? "none" : "fd",
);

export const CONTAINER_CASES: readonly Case[] = section("9.1", [
  {
    number: 1,
    title: "a bare container knows no command",
    from: "fresh",
    steps: [
      getInfo({}, "EINVAL"),
      map({}, 0n, K, "EINVAL"),
      unknown(CONTAINER, UNKNOWN, "EINVAL"),
      terminal,
    ],
  },
  {
    number: 2,
    title: "SET_IOMMU without a group",
    from: "fresh",
    steps: [setIommu(7, "EINVAL")],
  },
  {
    number: 3,
    title: "what is offered",
    from: "fresh",
    steps: [
      checkExtensions([0, 1, 2, 3, 4, 6, 7, 8, 9, 10], "0 0 1 0 0 0 1 0 0 0"),
      step("CHECK_EXTENSION 5", byPlatform("1", "0"), (bench) =>
        answer(bench.call(CONTAINER, CHECK, 5)),
      ),
    ],
  },
  {
    number: 4,
    title: "EEH is offered as an IOMMU type that cannot be opened",
    from: "C1",
    steps: [
      step("SET_IOMMU(5)", byPlatform("EINVAL", "ENODEV"), (bench) =>
        answer(bench.call(CONTAINER, SET_IOMMU, 5)),
      ),
    ],
  },
  {
    number: 5,
    title: "other types are not there, and the container keeps its group",
    from: "C1",
    steps: [
      ...[1, 3, 6, 8, 0, 9].map((value) => setIommu(value, "ENODEV")),
      groupStatus("group", 8, "0, flags 0x3"),
      setIommu(7, "0"),
    ],
  },
  {
    number: 7,
    title: "an unknown command of a set container",
    from: "V1",
    steps: [unknown(CONTAINER, UNKNOWN, "ENOTTY")],
  },
  {
    number: 8,
    title: "SET_CONTAINER with what is no container, and twice",
    from: "fresh",
    steps: [
      openNull,
      setContainer("group", "null", "EBADFD"),
      setContainer("group", 999, "EBADF"),
      setContainer("group", CONTAINER, "0"),
      setContainer("group", CONTAINER, "EINVAL"),
    ],
  },
  {
    number: 9,
    title: "the group's status",
    from: "fresh",
    steps: [
      groupStatus("group", 8, "0, flags 0x1"),
      setContainer("group", CONTAINER, "0"),
      groupStatus("group", 8, "0, flags 0x3"),
    ],
  },
  {
    number: 10,
    title: "a group with an open device stays",
    from: "V2",
    steps: [openDevice("device"), unsetContainer("group", "EBUSY")],
  },
  {
    number: 12,
    title: "version 1 takes one group",
    from: "V1",
    needs: ["second group"],
    steps: [
      openGroup("group 2", 1),
      setContainer("group 2", CONTAINER, "EBUSY"),
      groupStatus("group 2", 8, "0, flags 0x1"),
    ],
  },
  {
    number: 14,
    title: "an open device keeps its group's file",
    from: "V2",
    steps: [
      openDevice("device"),
      close("group"),
      getInfo({}, "0"),
      openGroup("group again", 0, "EBUSY"),
      close("device"),
      getInfo({}, "EINVAL"),
    ],
  },
  {
    number: 15,
    title: "after ENABLE every command of another process is refused",
    from: "V1",
    needs: ["fork"],
    steps: [
      enable("0"),
      fork(),
      childCalls("CHECK_EXTENSION(2)", CHECK, 2, "1"),
      childCalls("API_VERSION", API_VERSION, 0, "0"),
      childGetsInfo("EPERM"),
      childCalls("nr 199", UNKNOWN, 0, "EPERM"),
      childCalls("SET_IOMMU(2)", SET_IOMMU, 2, "EINVAL"),
      childCalls("ENABLE", ENABLE, 0, "EPERM"),
      childAsksEeh("EPERM"),
    ],
  },
  {
    number: 17,
    title: "GET_INFO remembers no process",
    from: "V2",
    needs: ["fork"],
    steps: [getInfo({}, "0"), fork(), childGetsInfo("0")],
  },
]);
