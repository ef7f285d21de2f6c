// Memory of a shape that a case needs: protected, with a hole, at the end of what is mapped.

import { answer } from "../answer.ts";
import { type Bench, P } from "../bench.ts";
import { type Step, step } from "../case.ts";
import { request, struct } from "../encode.ts";

const TRIES = 32;

type Protection = "none" | "read" | "write" | "read-write";

/** Memory under a name, with a protection and a length in pages. */
export function memory(name: string, pages: number, protection: Protection = "read-write"): Step {
  return step(`mmap(${pages} pages, ${protection}) as ${name}`, "mapped", (bench) => {
    bench.addMemory(name, pages * P, { protection });
    return "mapped";
  });
}

/** The child's own memory, under a name. */
export function childMemory(name: string, pages: number): Step {
  return step(`the child's mmap(${pages} pages) as ${name}`, "mapped", (bench) => {
    bench.addChildMemory(name, pages * P);
    return "mapped";
  });
}

export function munmap(name: string): Step {
  return step(`munmap(${name})`, "0", (bench) => answer(bench.closeMemory(name)));
}

/** Adjacent areas `name`, `name hole` and `name end`; the middle one is unmapped again. */
export function memoryWithHole(name: string, before: number, after: number): Step {
  return step(`mmap(${before} + hole + ${after} pages) as ${name}`, "mapped", (bench) => {
    for (let attempt = 0; attempt < TRIES; attempt++)
      if (placeAdjacent(bench, name, [before, 1, after], attempt)) {
        bench.closeMemory(`${name} hole`);
        return "mapped";
      }
    return "no three areas lie next to each other";
  });
}

/** GET_INFO with its struct at the end of a readable page: what lies behind cannot be accessed. */
export function infoAtEndOfPage(argsz: number, room: number, expected: string): Step {
  return step(`GET_INFO(argsz ${argsz}) in the last ${room} bytes of a page`, expected, (bench) => {
    const end = pageBeforeNothing(bench);
    if (end === undefined) return "no page lies before one without access";
    const { abi } = bench.port;
    const last = bench.memory(`page ${end.attempt}`).bytes;
    last.set(struct(abi, room, [[0, 4, argsz]], 0xee), P - room);
    const address = Number(end.address) - room;
    return answer(bench.port.ioctl(bench.fd("container"), request(abi, 12), address));
  });
}

/** mmap goes downwards: the later area lies below the earlier one, if the gap is large enough. */
function placeAdjacent(
  bench: Bench,
  name: string,
  lengths: readonly [number, number, number],
  attempt: number,
): boolean {
  const names = [name, `${name} hole`, `${name} end`];
  const areas = names.map((each, index) => ({ each, length: (lengths[index] ?? 1) * P }));
  const made = areas.reverse().map(({ each, length }) => bench.addMemory(each, length));
  const [end, hole, first] = made;
  if (first === undefined || hole === undefined || end === undefined) return false;
  const isAdjacent =
    first.address + BigInt((lengths[0] ?? 0) * P) === hole.address &&
    hole.address + BigInt(P) === end.address;
  if (!isAdjacent)
    for (const [index, area] of made.entries()) bench.keepMemory(`stray ${attempt} ${index}`, area);
  return isAdjacent;
}

function pageBeforeNothing(bench: Bench): { address: bigint; attempt: number } | undefined {
  let above = bench.addMemory("wall 0", P, { protection: "none" });
  for (let attempt = 1; attempt < TRIES; attempt++) {
    const page = bench.addMemory(`page ${attempt}`, P);
    if (page.address + BigInt(P) === above.address) return { address: above.address, attempt };
    above = bench.addMemory(`wall ${attempt}`, P, { protection: "none" });
  }
  return undefined;
}
