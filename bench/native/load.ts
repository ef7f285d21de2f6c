// UNSAFE: C functions are called with typed arrays, a descriptor and numbers that become arguments;
// sound because each is wrapped in a typed function here and its only callers are the scenarios
// beside it, which pass memory that they hold for longer than the call.
//
// For the C halves of the benchmarks, in the same process and on the same memory as the JavaScript
// halves. Must never load a copy of koffi other than the port's own: then two would be compared.
// Rests on koffi 3.3 and on loops.c.

import { createRequire } from "node:module";

/** What is used of koffi. */
interface Koffi {
  load(path: string): { func(prototype: string): (...args: readonly unknown[]) => number };
}

/** A range of memory and where it is to be mapped. */
export interface NativeRange {
  readonly host: bigint;
  readonly iova: bigint;
  readonly size: bigint;
}

/** Page tables as C reads them. */
export interface NativeTables {
  readonly words: Uint32Array;
  readonly firstTable: number;
  readonly top: number;
  readonly levels: number;
}

/** The loops of loops.c; each runs `operations` and answers their nanoseconds. */
export interface Native {
  mapUnmap(fd: number, range: NativeRange, operations: number): number;
  fillMap(into: Uint8Array, range: NativeRange, operations: number): number;
  walkTables(tables: NativeTables, frames: Uint32Array, operations: number): number;
  yardstick(operations: number): number;
  /** The sum of the frames that the last `walkTables` found. */
  readonly walkSum: number;
}

/** `koffiFrom` is a file of the package whose koffi is the port's; `library` the compiled loops.c. */
export function loadNative(library: string, koffiFrom: string): Native {
  // cast: koffi's own types are not visible from here; `Koffi` names the one method that is used.
  const koffi = createRequire(koffiFrom)("koffi") as Koffi;
  const loops = koffi.load(library);
  const mapUnmap = loops.func(
    "double map_unmap(int fd, uint64_t vaddr, uint64_t iova, uint64_t size, int n)",
  );
  const fillMap = loops.func(
    "double fill_map(void *into, uint64_t vaddr, uint64_t iova, uint64_t size, int n)",
  );
  const walkTables = loops.func(
    "double walk_tables(const void *words, double top, int levels, double first_table, const uint32_t *frames, int count, int n, void *sum)",
  );
  const yardstick = loops.func("double yardstick(int n)");
  const sum = new Float64Array(1);
  return {
    mapUnmap: (fd, { host, iova, size }, n) => succeeded(mapUnmap(fd, host, iova, size, n)),
    fillMap: (into, { host, iova, size }, n) => succeeded(fillMap(into, host, iova, size, n)),
    walkTables: ({ words, top, levels, firstTable }, frames, n) =>
      succeeded(walkTables(words, top, levels, firstTable, frames, frames.length, n, sum)),
    yardstick: (n) => succeeded(yardstick(n)),
    get walkSum() {
      return sum[0] ?? Number.NaN;
    },
  };
}

function succeeded(nanoseconds: number): number {
  if (nanoseconds >= 0) return nanoseconds;
  throw new Error("an operation of the C loop failed");
}
