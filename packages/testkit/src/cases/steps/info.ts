// IOMMU_GET_INFO: the head, the chain of capabilities, and what other steps want to know of them.

import { answer, hex } from "../answer.ts";
import { type Bench, CONTAINER } from "../bench.ts";
import { type Step, step } from "../case.ts";
import { readField, struct } from "../encode.ts";

const ROOM = 4000;
const UNTOUCHED = 0xee;
const CAP_IOVA_RANGE = 1;
const CAP_DMA_AVAIL = 3;

/** One answer: the result and the buffer, which was 0xee before. */
export interface Info {
  readonly rc: number;
  readonly bytes: Uint8Array;
  field(offset: number, width: 2 | 4 | 8): bigint;
}

function readInfo(bench: Bench, argsz: number, room: number = ROOM): Info {
  const { abi } = bench.port;
  const bytes = struct(abi, room, [[0, 4, argsz]], UNTOUCHED);
  const rc = bench.call(CONTAINER, 12, bytes);
  return { rc, bytes, field: (offset, width) => readField(abi, bytes, offset, width) };
}

/** GET_INFO with `argsz`; `show` says what the case looks at. */
export function getInfo(
  argsz: number | ((bench: Bench) => number),
  expected: Step["expected"],
  show: (info: Info) => string = ({ rc }) => answer(rc),
): Step {
  const text = typeof argsz === "number" ? String(argsz) : "computed";
  return step(`GET_INFO(argsz ${text})`, expected, (bench) =>
    show(readInfo(bench, typeof argsz === "number" ? argsz : argsz(bench))),
  );
}

/** The ids of the chain and where they stand: "2@24 3@56 1@72". */
export function chainOf({ field }: Info): string {
  const seen: string[] = [];
  for (let at = Number(field(16, 4)); at !== 0 && seen.length < 8; at = Number(field(at + 4, 4)))
    seen.push(`${field(at, 2)}@${at}`);
  return seen.join(" ");
}

/** Bytes that the whole answer needs. */
export function neededBytes(bench: Bench): number {
  return Number(readInfo(bench, 24).field(0, 4));
}

export interface IovaRange {
  readonly first: bigint;
  readonly last: bigint;
}

/** The valid ranges, ascending. */
export function rangesOf(bench: Bench): readonly IovaRange[] {
  const info = readInfo(bench, ROOM);
  const at = capability(info, CAP_IOVA_RANGE);
  if (at === undefined) return [];
  return Array.from({ length: Number(info.field(at + 8, 4)) }, (_, index) => ({
    first: info.field(at + 16 + 16 * index, 8),
    last: info.field(at + 24 + 16 * index, 8),
  }));
}

/** DMA_AVAIL. */
export function available(expected: number): Step {
  return step("avail", String(expected), (bench) => {
    const info = readInfo(bench, ROOM);
    const at = capability(info, CAP_DMA_AVAIL);
    return at === undefined ? "no capability" : String(info.field(at + 8, 4));
  });
}

export function isUntouched(bytes: Uint8Array, from: number): string {
  const at = bytes.subarray(from).findIndex((byte) => byte !== UNTOUCHED);
  return at === -1 ? "untouched" : `touched at ${hex(from + at)}`;
}

function capability(info: Info, id: number): number | undefined {
  const found = chainOf(info)
    .split(" ")
    .find((entry) => entry.startsWith(`${id}@`));
  return found === undefined ? undefined : Number(found.split("@")[1]);
}
