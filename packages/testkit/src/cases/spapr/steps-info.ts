// GET_INFO, with what it wrote and what it left alone.

import { answer, hex } from "../answer.ts";
import { type Bench, CONTAINER } from "../bench.ts";
import { type Step, step } from "../case.ts";
import { readField, request, struct } from "../encode.ts";

const FILL = 0xaa;
/** More than the kernel ever writes. */
const ROOM = 48;

export interface InfoArguments {
  /** Default 32. */
  readonly argsz?: number;
}

/** The result alone. */
export function getInfo({ argsz = 32 }: InfoArguments, expected: Step["expected"]): Step {
  return step(`GET_INFO(argsz ${argsz})`, expected, (bench) => answer(ask(bench, argsz).rc));
}

/** "0: flags, start, size | what stands from byte 16 on", or the error and whether bytes changed. */
export function showInfo(argsz: number, expected: Step["expected"]): Step {
  return step(`GET_INFO(argsz ${argsz}), shown`, expected, (bench) => {
    const { rc, bytes } = ask(bench, argsz);
    const { abi } = bench.port;
    const word = (offset: number): string => hex(readField(abi, bytes, offset, 4));
    const untouched = (from: number): boolean =>
      bytes.subarray(from).every((byte) => byte === FILL);
    if (rc !== 0) return `${answer(rc)}${untouched(4) ? "" : ", bytes changed"}`;
    const head = `0: argsz ${readField(abi, bytes, 0, 4)}, ${word(4)} ${word(8)} ${word(12)}`;
    if (untouched(16)) return head;
    const ddw = `${hex(readField(abi, bytes, 16, 8))} ${word(24)} ${word(28)}`;
    return `${head} | ${ddw}${untouched(32) ? "" : " and more"}`;
  });
}

/** GET_INFO into memory that the kernel may read but not write. */
export function infoReadOnly(expected: string): Step {
  return step("GET_INFO in read-only memory", expected, (bench) => {
    const bytes = struct(bench.port.abi, 32, [[0, 4, 32]]);
    const memory = bench.abilities.readOnly?.(bytes);
    if (memory === undefined) return "no read-only memory";
    bench.keepMemory("read-only", memory);
    const number = request(bench.port.abi, 12);
    return answer(bench.port.ioctl(bench.fd(CONTAINER), number, Number(memory.address)));
  });
}

function ask(bench: Bench, argsz: number): { readonly rc: number; readonly bytes: Uint8Array } {
  const bytes = struct(bench.port.abi, ROOM, [[0, 4, argsz]], FILL);
  return { rc: bench.call(CONTAINER, 12, bytes), bytes };
}
