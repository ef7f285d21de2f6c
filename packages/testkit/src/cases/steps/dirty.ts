// DIRTY_PAGES, and UNMAP with a bitmap.

import { answer, hex, pages } from "../answer.ts";
import { type Bench, CONTAINER, P } from "../bench.ts";
import { type Step, step } from "../case.ts";
import { type Field, readField, struct } from "../encode.ts";

export interface BitmapArguments {
  readonly at: bigint;
  readonly size: bigint;
  /** bitmap.size, default 8 bytes; bitmap.pgsize, default a page; bitmap.data, default own memory. */
  readonly bytes?: bigint;
  readonly pageSize?: bigint;
  readonly data?: bigint;
  readonly argsz?: number;
  /** What the words hold before. */
  readonly fill?: number;
}

const PAGE = BigInt(P);
const BITMAP = "bitmap";

/** DIRTY_PAGES with flags alone: START 1, STOP 2. */
export function dirty(flags: number, expected: string, argsz = 8): Step {
  return step(`DIRTY_PAGES(flags ${flags}, argsz ${argsz})`, expected, (bench) => {
    const bytes = struct(bench.port.abi, 48, [
      [0, 4, argsz],
      [4, 4, flags],
    ]);
    return answer(bench.call(CONTAINER, 17, bytes));
  });
}

/** GET: the result, and after success the first `words` words of the bitmap. */
export function getDirty(args: BitmapArguments, expected: string, words = 1): Step {
  return step(`GET_BITMAP(${show(args)})`, expected, (bench) => {
    const bytes = struct(bench.port.abi, 48, [
      [0, 4, args.argsz ?? 48],
      [4, 4, 4],
      ...fields(bench, args),
    ]);
    const rc = bench.call(CONTAINER, 17, bytes);
    return rc === 0 ? `0, ${wordsOf(bench, words)}` : answer(rc);
  });
}

/** UNMAP with GET_DIRTY_BITMAP: the result, and after success the size and the first word. */
export function unmapDirty(args: BitmapArguments, expected: string): Step {
  return step(`unmap|GET_DIRTY(${show(args)})`, expected, (bench) => {
    const { abi } = bench.port;
    const bytes = struct(abi, 48, [[0, 4, args.argsz ?? 48], [4, 4, 1], ...fields(bench, args)]);
    const rc = bench.call(CONTAINER, 14, bytes);
    if (rc !== 0) return answer(rc);
    return `0, size ${pages(readField(abi, bytes, 16, 8))}, ${wordsOf(bench, 1)}`;
  });
}

/** Both structs have the range at 8 and the bitmap at 24. */
function fields(bench: Bench, args: BitmapArguments): readonly Field[] {
  return [
    [8, 8, args.at],
    [16, 8, args.size],
    [24, 8, args.pageSize ?? PAGE],
    [32, 8, args.bytes ?? 8n],
    [40, 8, args.data ?? bitmapAt(bench, args.fill ?? 0)],
  ];
}

function bitmapAt(bench: Bench, fill: number): bigint {
  bench.closeMemory(BITMAP);
  const memory = bench.addMemory(BITMAP, P);
  memory.bytes.fill(fill);
  return memory.address;
}

function wordsOf(bench: Bench, count: number): string {
  const { bytes } = bench.memory(BITMAP);
  return Array.from({ length: count }, (_, word) =>
    hex(readField(bench.port.abi, bytes, 8 * word, 8)),
  ).join(" ");
}

function show({ at, size, bytes = 8n, pageSize, data }: BitmapArguments): string {
  const more = pageSize === undefined ? "" : `, pgsize ${pageSize}`;
  const where = data === undefined ? "" : `, data ${hex(data)}`;
  return `${hex(at)}, ${hex(size)}, ${hex(bytes)} bytes${more}${where}`;
}
