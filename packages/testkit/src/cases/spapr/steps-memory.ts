// Memory of the shapes that registration is about: protected pages, holes, neighbours, huge pages.

import { answer } from "../answer.ts";
import type { Bench } from "../bench.ts";
import { type Step, step } from "../case.ts";
import { HUGE, pageOf } from "./places.ts";

type Protection = "none" | "read" | "read-write";

/** A piece of memory: kernel pages, or huge ones of 2 MiB. */
export interface Piece {
  /** In kernel pages, or in 2 MiB for `huge`. */
  readonly count: number;
  readonly protection?: Protection;
  readonly kind?: "ordinary" | "huge" | "hole" | "shared";
}

const TRIES = 32;
const THP = "/sys/kernel/mm/transparent_hugepage/enabled";

/** Neighbouring pieces, the first under `name`, the others under `name 1`, `name 2`… */
export function neighbours(name: string, pieces: readonly Piece[]): Step {
  return step(`mmap of ${pieces.length} neighbours as ${name}`, "mapped", (bench) => {
    for (let attempt = 0; attempt < TRIES; attempt++)
      if (place(bench, name, pieces)) return "mapped";
    return "they do not lie next to each other";
  });
}

/** What the kernel still holds after the case must not come back as another case's memory. */
export function leaveMapped(name: string): Step {
  return step(`${name} stays mapped`, "done", (bench) => {
    bench.leaveMapped(name);
    return "done";
  });
}

/** munmap and mmap again: the new memory lies where the old one was. */
export function mapAgain(name: string, bytes: bigint): Step {
  return step(`munmap and mmap ${name}`, "same place", (bench) => {
    const before = bench.addressOf(name);
    bench.closeMemory(name);
    const after = bench.addMemory(name, Number(bytes)).address;
    return after === before ? "same place" : "elsewhere";
  });
}

/** Whether the kernel joins small pages into large ones by itself; a kernel without that is as told. */
export function joinPages(how: "always" | "never"): Step {
  return step(`transparent huge pages: ${how}`, "done", (bench) => {
    const written = bench.setChoice(THP, how);
    return written < 0 && written !== -2 ? answer(written) : "done";
  });
}

/** mmap goes downwards, so the last piece is mapped first. */
function place(bench: Bench, name: string, pieces: readonly Piece[]): boolean {
  const made = pieces.map((piece, index) => ({
    ...piece,
    name: index === 0 ? name : `${name} ${index}`,
    length: Number(piece.kind === "huge" ? HUGE : pageOf(bench)) * piece.count,
  }));
  align(
    bench,
    made.some(({ kind }) => kind === "huge"),
    made,
  );
  const areas = [...made]
    .reverse()
    .map(({ name: each, length, protection, kind }) => ({
      each,
      length,
      memory: bench.addMemory(each, length, {
        ...(protection === undefined ? {} : { protection }),
        ...(kind === "huge" ? { pageSize: Number(HUGE) } : {}),
        ...(kind === "shared" ? { shared: true } : {}),
      }),
    }))
    .reverse();
  const adjacent = areas.every(({ memory, length }, index) => {
    const next = areas[index + 1];
    return next === undefined || memory.address + BigInt(length) === next.memory.address;
  });
  for (const { each, memory } of areas) {
    const isHole = made.find((piece) => piece.name === each)?.kind === "hole";
    if (!adjacent) bench.keepMemory(`stray ${memory.address}`, memory);
    else if (isHole) bench.closeMemory(each);
  }
  return adjacent;
}

/** Fills up to where a huge page can end, so that its neighbour lies directly above it. */
function align(bench: Bench, huge: boolean, pieces: readonly { readonly length: number }[]): void {
  if (!huge) return;
  const probe = bench.addMemory("probe", Number(pageOf(bench))).address;
  const above = pieces.slice(1).reduce((sum, { length }) => sum + BigInt(length), 0n);
  const rest = (probe - above) % HUGE;
  if (rest > 0n) bench.keepMemory(`pad ${probe}`, bench.addMemory(`pad at ${probe}`, Number(rest)));
  bench.keepMemory(`probe ${probe}`, bench.memory("probe"));
}
