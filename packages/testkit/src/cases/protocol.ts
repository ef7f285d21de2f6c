// type1.md 7.1, first half: containers and groups before and after an IOMMU is set.

import { DEVICE } from "./bench.ts";
import type { Case } from "./case.ts";
import {
  checkExtensions,
  close,
  groupStatus,
  openContainer,
  openDevice,
  openGroup,
  openNamed,
  rawCall,
  setContainer,
  setIommu,
  unsetContainer,
} from "./steps/files.ts";
import { bindOther, openSharedGroup, setParameter, shareGroup } from "./steps/machine.ts";

const UNKNOWN = 0x3bff - 0x3b64;
const IOMMU_ENABLE = 15;
const TOKEN = " vf_token=2a3b4c5d-0001-4002-8003-00112233aabb";

export const PROTOCOL_CASES: readonly Case[] = [
  {
    number: 1,
    section: "7.1",
    title: "an unknown command on a fresh container",
    from: "fresh",
    steps: [rawCall("container", UNKNOWN, 0, "EINVAL")],
  },
  {
    number: 2,
    section: "7.1",
    title: "GET_INFO(NULL) on a fresh container",
    from: "fresh",
    steps: [rawCall("container", 12, 0, "EINVAL")],
  },
  {
    number: 3,
    section: "7.1",
    title: "CHECK_EXTENSION on a fresh container",
    from: "fresh",
    steps: [
      checkExtensions([1, 3, 6, 9], "1 1 1 1"),
      checkExtensions([0, 2, 4, 5, 7, 10, 11], "0 0 0 0 0 0 0"),
    ],
  },
  {
    number: 4,
    section: "7.1",
    title: "SET_IOMMU without a group",
    from: "fresh",
    steps: [setIommu(3, "EINVAL"), setIommu(999, "EINVAL")],
  },
  {
    number: 6,
    section: "7.1",
    title: "GET_DEVICE_FD of no such device, without a container",
    from: "fresh",
    steps: [openNamed("0000:ff:1f.7", "0000:ff:1f.7", "ENODEV")],
  },
  {
    number: 7,
    section: "7.1",
    title: "GET_DEVICE_FD with the longest name, and with one more character",
    from: "fresh",
    steps: [
      openNamed("x".repeat(4095), "4095 characters", "ENODEV"),
      openNamed("x".repeat(4096), "4096 characters", "EINVAL"),
    ],
  },
  {
    number: 8,
    section: "7.1",
    title: "the same group node twice",
    from: "fresh",
    steps: [openGroup("group again", 0, "EBUSY")],
  },
  {
    number: 9,
    section: "7.1",
    title: "GET_STATUS one byte short, and long enough",
    from: "fresh",
    steps: [
      groupStatus("group", 7, "EINVAL, flags 0xeeeeeeee"),
      groupStatus("group", 8, "0, flags 0x1"),
    ],
  },
  {
    number: 11,
    section: "7.1",
    title: "SET_CONTAINER of an attached group",
    from: "C1",
    steps: [
      openContainer("other"),
      setContainer("group", "container", "EINVAL"),
      setContainer("group", "other", "EINVAL"),
      setContainer("group", -1, "EBADF"),
    ],
  },
  {
    number: 12,
    section: "7.1",
    title: "SET_IOMMU with values that no driver takes",
    from: "C1",
    steps: [
      setIommu(999, "ENODEV"),
      setIommu(4, "ENODEV"),
      setIommu(9, "EINVAL"),
      setIommu(10, "ENODEV"),
      setIommu(6, "EINVAL"),
      setIommu(8, "ENODEV"),
    ],
  },
  {
    number: 13,
    section: "7.1",
    title: "GET_DEVICE_FD before SET_IOMMU",
    from: "C1",
    steps: [openDevice(DEVICE, "EINVAL")],
  },
  {
    number: 14,
    section: "7.1",
    title: "SET_IOMMU twice",
    from: "E2",
    steps: [setIommu(1, "EINVAL")],
  },
  {
    number: 15,
    section: "7.1",
    title: "Type1 and commands of others",
    from: "E2",
    steps: [
      checkExtensions([10], "1"),
      rawCall("container", UNKNOWN, 0, "ENOTTY"),
      rawCall("container", IOMMU_ENABLE, 0, "ENOTTY"),
    ],
  },
  {
    number: 17,
    section: "7.1",
    title: "UNSET_CONTAINER with a device open",
    from: "Edev",
    steps: [unsetContainer("group", "EBUSY")],
  },
  {
    number: 25,
    section: "7.1",
    title: "a group with a kernel driver's member",
    from: "nothing",
    needs: ["shared group"],
    steps: [
      shareGroup("ordinary driver"),
      openSharedGroup(),
      groupStatus("group", 8, "0, flags 0x0"),
      setContainer("group", "container", "EPERM"),
    ],
  },
  {
    number: 27,
    section: "7.1",
    title: "an ordinary driver for a member of an owned group",
    from: "nothing",
    needs: ["shared group"],
    steps: [
      shareGroup("no driver"),
      openSharedGroup(),
      setContainer("group", "container", "0"),
      bindOther("EBUSY"),
    ],
  },
  {
    number: 31,
    section: "7.1",
    title: "SET_IOMMU where interrupts are not remapped",
    from: "C1",
    needs: ["no interrupt remapping"],
    steps: [
      setParameter("allow_unsafe_interrupts", "N"),
      setIommu(3, "EPERM"),
      setIommu(99, "ENODEV"),
    ],
  },
  {
    number: 32,
    section: "7.1",
    title: "what may follow a device's name",
    from: "E2",
    steps: [
      openDevice("one", "fd", " "),
      openDevice("two", "ENODEV", "x"),
      openDevice("three", "EINVAL", " foo"),
      openDevice("four", "EINVAL", TOKEN),
      close("one"),
    ],
  },
];
