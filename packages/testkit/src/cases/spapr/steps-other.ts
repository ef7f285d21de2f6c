// A second process that shares the container: it may ask, but not act for the first one's memory.

import { answer } from "../answer.ts";
import { type Bench, CONTAINER } from "../bench.ts";
import { type Step, step } from "../case.ts";
import { request, struct } from "../encode.ts";

const INFO_SIZE = 32;

/** A command of the container with a number as its argument, from the child. */
export function childCalls(name: string, command: number, value: number, expected: string): Step {
  return step(`child: ${name}`, expected, (bench) => answer(fromChild(bench, command, value)));
}

/** GET_INFO from the child. */
export function childGetsInfo(expected: string): Step {
  return childWith("GET_INFO", 12, [INFO_SIZE], expected);
}

/** EEH GET_STATE from the child. */
export function childAsksEeh(expected: string): Step {
  return childWith("EEH op 4", 21, [12, 0, 4], expected);
}

/** The child registers memory of its own: `first` and `count` in kernel pages. */
export function childRegisters(
  memory: string,
  first: number,
  count: number,
  expected: string,
): Step {
  return step(`child: REG(${memory} + ${first} pages, ${count} pages)`, expected, (bench) => {
    const page = bench.port.abi.pageSize;
    const bytes = struct(bench.port.abi, 24, [
      [0, 4, 24],
      [8, 8, bench.addressOf(memory) + BigInt(first * page)],
      [16, 8, count * page],
    ]);
    return answer(fromChild(bench, 17, bytes));
  });
}

function childWith(
  name: string,
  command: number,
  words: readonly number[],
  expected: string,
): Step {
  return step(`child: ${name}`, expected, (bench) => {
    const fields = words.map((value, index) => [4 * index, 4, value] as const);
    return answer(fromChild(bench, command, struct(bench.port.abi, INFO_SIZE, fields)));
  });
}

function fromChild(bench: Bench, command: number, argument: Uint8Array | number): number {
  const { abi } = bench.port;
  return bench.portOf("child").ioctl(bench.fd(CONTAINER), request(abi, command), argument);
}
