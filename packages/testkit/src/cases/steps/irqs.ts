// VFIO_DEVICE_SET_IRQS and the eventfds that it takes.

import { answer } from "../answer.ts";
import { type Bench, DEVICE } from "../bench.ts";
import { type Step, step } from "../case.ts";
import { type Field, struct } from "../encode.ts";

export const NONE = 1;
export const BOOL = 2;
export const EVENTFD = 4;
export const MASK = 8;
export const UNMASK = 0x10;
export const TRIGGER = 0x20;
export const INTX = 0;
export const MSI = 1;
export const MSIX = 2;
export const REQ = 4;

const HEAD = 20;
const ARRIVES = 500;
const STAYS_AWAY = 100;

export interface IrqArguments {
  readonly index: number;
  readonly flags: number;
  readonly start?: number;
  /** Default 1. */
  readonly count?: number;
  /** Descriptors by the name of an eventfd, or numbers that stand for themselves. */
  readonly fds?: readonly (string | number)[];
  readonly bools?: readonly number[];
}

export function setIrqs(args: IrqArguments, expected: string): Step {
  const { index, flags, start = 0, count = 1, fds = [], bools = [] } = args;
  const data = [...fds, ...bools].join(" ");
  const text = `index ${index}, flags ${flags}, ${start}+${count}${data === "" ? "" : `: ${data}`}`;
  return step(`SET_IRQS(${text})`, expected, (bench) => {
    const size = HEAD + 4 * fds.length + bools.length;
    const head: Field[] = [size, flags, index, start, count].map((value, at) => [4 * at, 4, value]);
    const tail = fds.map((fd, at): Field => [HEAD + 4 * at, 4, numberOf(bench, fd)]);
    const bytes = struct(bench.port.abi, size, [...head, ...tail]);
    bytes.set(bools, HEAD + 4 * fds.length);
    return answer(bench.call(DEVICE, 10, bytes));
  });
}

export function eventFd(name: string): Step {
  return step(`eventfd as ${name}`, "fd", (bench) =>
    bench.keep(name, bench.port.eventFd()) < 0 ? "none" : "fd",
  );
}

/** Waits for signals of an eventfd; "silent" if none comes. */
export function waitFor(name: string, expected: string): Step {
  return step(`wait for ${name}`, expected, async (bench) => {
    const patience = expected === "silent" ? STAYS_AWAY : ARRIVES;
    const count = await bench.port.waitEvent(bench.fd(name), patience);
    return count < 0 ? "silent" : `${count} signalled`;
  });
}

function numberOf(bench: Bench, fd: string | number): number {
  return typeof fd === "number" ? fd : bench.fd(fd);
}
