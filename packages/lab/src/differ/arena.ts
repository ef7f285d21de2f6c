// The memory that sequences map: areas of every protection, side by side, with a hole.
//
// One mapping can so begin in good memory and end in bad. Areas are asked for from the highest down,
// as mmap hands them out; where something came in between, the whole arena is tried again.

import type { HostMemory, KernelPort, MapMemoryRequest } from "@iommukit/core";

export const PAGE = 4096;

export type AreaName =
  | "main"
  | "read"
  | "second"
  | "none"
  | "write"
  | "third"
  | "hole"
  | "fourth"
  | "bits"
  | "guard";

interface Area {
  readonly name: AreaName;
  readonly pages: number;
  readonly protection: NonNullable<MapMemoryRequest["protection"]>;
}

/** From the lowest address up. `hole` is given back to the kernel. The guard ends every overrun. */
const AREAS: readonly Area[] = [
  { name: "main", pages: 32, protection: "read-write" },
  { name: "read", pages: 4, protection: "read" },
  { name: "second", pages: 4, protection: "read-write" },
  { name: "none", pages: 4, protection: "none" },
  { name: "write", pages: 4, protection: "write" },
  { name: "third", pages: 8, protection: "read-write" },
  { name: "hole", pages: 2, protection: "none" },
  { name: "fourth", pages: 4, protection: "read-write" },
  { name: "bits", pages: 2, protection: "read-write" },
  { name: "guard", pages: 16, protection: "none" },
];

/** Where an area begins, in bytes from the arena's start. */
export function areaStart(name: AreaName): number {
  const index = AREAS.findIndex((area) => area.name === name);
  return AREAS.slice(0, index).reduce((bytes, { pages }) => bytes + pages * PAGE, 0);
}

export const ARENA_BYTES: number = AREAS.reduce((bytes, { pages }) => bytes + pages * PAGE, 0);

export interface Arena {
  readonly address: bigint;
  /** The bytes that devices are watched through. */
  readonly main: Uint8Array;
  /** Where dirty bitmaps are written. */
  readonly bits: Uint8Array;
}

const TRIES = 40;

/** Never closed: it lives as long as the process that runs sequences. */
export function makeArena(port: KernelPort): Arena {
  const failed: HostMemory[] = [];
  try {
    for (let tries = 0; tries < TRIES; tries++) {
      const areas = attempt(port);
      if (areSideBySide(areas)) return finished(areas);
      failed.push(...areas);
    }
  } finally {
    // Not earlier: the kernel would hand the same unlucky places out again.
    for (const area of failed) area.close();
  }
  throw new Error("the kernel gave no memory areas that lie side by side");
}

/** Areas from the highest down. */
function attempt(port: KernelPort): readonly HostMemory[] {
  return AREAS.toReversed().map(({ pages, protection }) => {
    const area = port.mapMemory({ length: pages * PAGE, protection });
    if (typeof area === "number") throw new Error(`mapMemory: ${area}`);
    return area;
  });
}

function areSideBySide(areas: readonly HostMemory[]): boolean {
  const pages = AREAS.toReversed().map((area) => area.pages);
  return areas.every((area, index) => {
    const above = areas[index - 1];
    return (
      above === undefined || area.address + BigInt((pages[index] ?? 0) * PAGE) === above.address
    );
  });
}

function finished(areas: readonly HostMemory[]): Arena {
  const named = (name: AreaName): HostMemory => {
    const area = areas[AREAS.length - 1 - AREAS.findIndex((each) => each.name === name)];
    if (area === undefined) throw new Error(`no area ${name}`);
    return area;
  };
  named("hole").close();
  return { address: named("main").address, main: named("main").bytes, bits: named("bits").bytes };
}
