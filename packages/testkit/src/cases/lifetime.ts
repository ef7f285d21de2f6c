// type1.md 7.1, second half: what closing does, and several groups in one container.

import { DEVICE } from "./bench.ts";
import type { Case } from "./case.ts";
import { dma, mapRegion, readOn, readRegion, setCommand, writeRegion } from "./steps/device.ts";
import { lockedSince, map, noteLocked } from "./steps/dma.ts";
import {
  close,
  groupStatus,
  openDevice,
  openGroup,
  setContainer,
  setIommu,
  unsetContainer,
} from "./steps/files.ts";
import { closeInParent, fork } from "./steps/machine.ts";
import { munmap } from "./steps/memory.ts";

const AT = 0x1000_0000n;
const P = 0x1000n;
/** The identification register of QEMU's edu device. */
const EDU_ID = "0x10000ed";
/** Its register at 4 answers the inverse of what was written. */
const LIVENESS = 0x1234_5678;
const INVERTED = "0xedcba987";
/** COMMAND.MEM. */
const MEMORY = 2;

export const LIFETIME_CASES: readonly Case[] = [
  {
    number: 18,
    section: "7.1",
    title: "a duplicate keeps the container's mappings in reach",
    from: "E2",
    needs: ["fork"],
    steps: [
      map({ at: AT }, "0"),
      fork(),
      closeInParent("container"),
      map({ at: AT, by: "child" }, "EEXIST"),
    ],
  },
  {
    number: 19,
    section: "7.1",
    title: "closing the group while a device is open",
    from: "Edev",
    steps: [close("group"), openGroup("group again", 0, "EBUSY")],
  },
  {
    number: 20,
    section: "7.1",
    title: "19, and closing one of two device descriptors",
    from: "Edev",
    steps: [
      openDevice("device again"),
      close("group"),
      close(DEVICE),
      openGroup("group again", 0, "EBUSY"),
    ],
  },
  {
    number: 21,
    section: "7.1",
    title: "20, and closing the last device descriptor",
    from: "Edev",
    steps: [
      map({ at: AT }, "0"),
      close("group"),
      close(DEVICE),
      map({ at: AT }, "EINVAL"),
      noteLocked(),
    ],
  },
  {
    number: 22,
    section: "7.1",
    title: "21, and the same container with another IOMMU type",
    from: "Edev",
    steps: [
      map({ at: AT }, "0"),
      close("group"),
      close(DEVICE),
      openGroup("group", 0),
      setContainer("group", "container", "0"),
      setIommu(1, "0"),
      map({ at: AT }, "0"),
    ],
  },
  {
    number: 23,
    section: "7.1",
    title: "closing the only container descriptor",
    from: "Edev",
    needs: ["edu"],
    steps: [
      noteLocked(),
      map({ at: AT, size: 16n * P }, "0"),
      close("container"),
      lockedSince(16),
      groupStatus("group", 8, "0, flags 0x3"),
      readRegion(0, 0n, 4, EDU_ID),
      dma(AT + 15n * P, 15, "reached"),
    ],
  },
  {
    number: 24,
    section: "7.1",
    title: "a mapped BAR keeps its device open",
    from: "Edev",
    steps: [
      mapRegion("BAR0", 0, "mapped"),
      close(DEVICE),
      unsetContainer("group", "EBUSY"),
      munmap("BAR0"),
      unsetContainer("group", "0"),
    ],
  },
  {
    number: 28,
    section: "7.1",
    title: "two groups, pages counted once",
    from: "two groups",
    needs: ["second group"],
    steps: [noteLocked(), map({ at: AT, size: 8n * P }, "0"), lockedSince(8)],
  },
  {
    number: 29,
    section: "7.1",
    title: "two groups, the first one leaves",
    from: "two groups",
    needs: ["second group", "edu"],
    steps: [
      map({ at: AT }, "0"),
      unsetContainer("group", "0"),
      map({ at: AT }, "EEXIST"),
      openDevice("second device", "fd", "", 1),
      dma(AT, 0, "reached", "second device"),
    ],
  },
  {
    number: 30,
    section: "7.1",
    title: "two groups, both leave",
    from: "two groups",
    needs: ["second group"],
    steps: [
      map({ at: AT }, "0"),
      unsetContainer("group", "0"),
      unsetContainer("group 2", "0"),
      setIommu(3, "EINVAL"),
    ],
  },
  {
    number: 33,
    section: "7.1",
    title: "the position of plain reads",
    from: "Edev",
    needs: ["edu", "file position"],
    // lseek, which answers ESPIPE, is a call that neither the port nor Node has.
    steps: [
      setCommand(MEMORY),
      writeRegion(0, 4n, LIVENESS, "4"),
      readOn(4, EDU_ID),
      readOn(4, INVERTED),
    ],
  },
];
