// type1.md 7.7: interrupts of a device with INTx and one MSI message.

import type { Case } from "./case.ts";
import { setCommand, writeRegion } from "./steps/device.ts";
import {
  BOOL,
  EVENTFD,
  eventFd,
  INTX,
  MASK,
  MSI,
  MSIX,
  NONE,
  REQ,
  setIrqs,
  TRIGGER,
  UNMASK,
  waitFor,
} from "./steps/irqs.ts";

/** Registers of QEMU's edu device: raise and acknowledge its interrupt. */
const RAISE = 0x60n;
const ACKNOWLEDGE = 0x64n;
/** A descriptor that nobody has. */
const BAD = 9999;

const INTX_CASES: readonly Case[] = [
  {
    number: 116,
    section: "7.7",
    title: "flags of SET_IRQS",
    from: "Edev",
    steps: [
      setIrqs({ index: INTX, flags: TRIGGER }, "EINVAL"),
      setIrqs({ index: INTX, flags: NONE }, "ENOTTY"),
      setIrqs({ index: INTX, flags: NONE | BOOL | TRIGGER }, "EINVAL"),
      setIrqs({ index: INTX, flags: NONE | MASK | TRIGGER }, "ENOTTY"),
    ],
  },
  {
    number: 117,
    section: "7.7",
    title: "INTx switched off while it is off",
    from: "Edev",
    steps: [setIrqs({ index: INTX, flags: NONE | TRIGGER, count: 0 }, "EINVAL")],
  },
  {
    number: 118,
    section: "7.7",
    title: "MSI-X of a device without it",
    from: "Edev",
    needs: ["edu"],
    steps: [
      setIrqs({ index: MSIX, flags: NONE | TRIGGER, count: 0 }, "EINVAL"),
      setIrqs({ index: MSIX, flags: EVENTFD | TRIGGER, fds: [-1] }, "EINVAL"),
    ],
  },
  {
    number: 119,
    section: "7.7",
    title: "a start beyond INTx",
    from: "Edev",
    steps: [setIrqs({ index: INTX, flags: NONE | TRIGGER, start: 1, count: 0 }, "EINVAL")],
  },
  {
    number: 120,
    section: "7.7",
    title: "INTx without an eventfd is active",
    from: "Edev",
    needs: ["edu"],
    steps: [
      setIrqs({ index: INTX, flags: EVENTFD | TRIGGER, fds: [-1] }, "0"),
      eventFd("event"),
      setIrqs({ index: MSI, flags: EVENTFD | TRIGGER, fds: ["event"] }, "EINVAL"),
    ],
  },
  {
    number: 122,
    section: "7.7",
    title: "MASK by eventfd",
    from: "Edev",
    needs: ["edu"],
    steps: [
      eventFd("event"),
      setIrqs({ index: INTX, flags: EVENTFD | TRIGGER, fds: ["event"] }, "0"),
      setIrqs({ index: INTX, flags: EVENTFD | MASK, fds: ["event"] }, "ENOTTY"),
    ],
  },
  {
    number: 123,
    section: "7.7",
    title: "UNMASK by eventfd, twice",
    from: "Edev",
    needs: ["edu"],
    steps: [
      eventFd("event"),
      eventFd("unmask"),
      setIrqs({ index: INTX, flags: EVENTFD | TRIGGER, fds: ["event"] }, "0"),
      setIrqs({ index: INTX, flags: EVENTFD | UNMASK, fds: ["unmask"] }, "0"),
      setIrqs({ index: INTX, flags: EVENTFD | UNMASK, fds: ["unmask"] }, "EBUSY"),
    ],
  },
  {
    number: 124,
    section: "7.7",
    title: "a line that stays asserted signals once for each UNMASK",
    from: "Edev",
    needs: ["edu"],
    steps: [
      setCommand(6),
      eventFd("event"),
      setIrqs({ index: INTX, flags: EVENTFD | TRIGGER, fds: ["event"] }, "0"),
      writeRegion(0, RAISE, 1, "4"),
      waitFor("event", "1 signalled"),
      waitFor("event", "silent"),
      setIrqs({ index: INTX, flags: NONE | UNMASK }, "0"),
      waitFor("event", "1 signalled"),
      writeRegion(0, ACKNOWLEDGE, 1, "4"),
      setIrqs({ index: INTX, flags: NONE | UNMASK }, "0"),
      waitFor("event", "silent"),
    ],
  },
];

const MESSAGE_CASES: readonly Case[] = [
  {
    number: 125,
    section: "7.7",
    title: "no MSI vector at all",
    from: "Edev",
    needs: ["edu"],
    steps: [setIrqs({ index: MSI, flags: EVENTFD | TRIGGER, count: 0 }, "ERANGE")],
  },
  {
    number: 126,
    section: "7.7",
    title: "a bad eventfd empties its vector",
    from: "Edev",
    needs: ["edu"],
    steps: [
      eventFd("event"),
      setIrqs({ index: MSI, flags: EVENTFD | TRIGGER, fds: ["event"] }, "0"),
      setIrqs({ index: MSI, flags: NONE | TRIGGER }, "0"),
      waitFor("event", "1 signalled"),
      setIrqs({ index: MSI, flags: EVENTFD | TRIGGER, fds: [BAD] }, "EBADF"),
      setIrqs({ index: MSI, flags: NONE | TRIGGER }, "0"),
      waitFor("event", "silent"),
    ],
  },
  {
    number: 129,
    section: "7.7",
    title: "MSI-X vectors added one by one",
    from: "Edev",
    needs: ["MSI-X"],
    steps: [],
  },
  {
    number: 131,
    section: "7.7",
    title: "MSI-X switched off with any start",
    from: "Edev",
    needs: ["MSI-X"],
    steps: [],
  },
  {
    number: 132,
    section: "7.7",
    title: "the request interrupt without an eventfd",
    from: "Edev",
    steps: [
      setIrqs({ index: REQ, flags: NONE | TRIGGER, count: 0 }, "EINVAL"),
      setIrqs({ index: REQ, flags: BOOL | TRIGGER, bools: [1] }, "0"),
      setIrqs({ index: REQ, flags: EVENTFD | TRIGGER, fds: [-1] }, "0"),
      setIrqs({ index: REQ, flags: EVENTFD | TRIGGER, fds: [-2] }, "EINVAL"),
    ],
  },
];

export const INTERRUPT_CASES: readonly Case[] = [...INTX_CASES, ...MESSAGE_CASES];
