// The memory that sequences map: areas of every protection, side by side, with a hole.
//
// One mapping can so begin in good memory and end in bad. Areas are asked for from the highest down,
// as mmap hands them out; where something came in between, the whole arena is tried again.

import type { HostMemory, KernelPort, MapMemoryRequest } from "@iommukit/core";

/** The page of x86; elsewhere the port's profile tells. */
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

/**
 * Where pages are large, fewer in the long area: the kernel aligns what is as long as a huge page
 * (2 MiB), so that it would not lie beside the others.
 */
const MOST_AREA_BYTES = 0x18_0000;

/** The areas of a machine with pages of so many bytes. */
function areasOf(page: number): readonly Area[] {
  return AREAS.map((area) => ({ ...area, pages: Math.min(area.pages, MOST_AREA_BYTES / page) }));
}

/** Where an area begins, in bytes from the arena's start. */
export function areaStart(name: AreaName, page: number = PAGE): number {
  const areas = areasOf(page);
  const index = areas.findIndex((area) => area.name === name);
  return areas.slice(0, index).reduce((bytes, { pages }) => bytes + pages * page, 0);
}

/** Pages of an area. */
export function areaPages(name: AreaName, page: number = PAGE): number {
  return areasOf(page).find((area) => area.name === name)?.pages ?? 0;
}

/** Huge pages of an arena, where the machine has any. */
export const ARENA_HUGE_PAGES = 2;

export const ARENA_BYTES: number = AREAS.reduce((bytes, { pages }) => bytes + pages * PAGE, 0);

export interface Arena {
  readonly address: bigint;
  /** The bytes that devices are watched through. */
  readonly main: Uint8Array;
  /** Where dirty bitmaps are written. */
  readonly bits: Uint8Array;
  /** Where its huge pages lie; 0 if it has none. */
  readonly hugeAddress: bigint;
}

const TRIES = 40;

/** `hugePage`: bytes. Never closed: it lives as long as the process that runs sequences. */
export function makeArena(port: KernelPort, hugePage: number = 0): Arena {
  const failed: HostMemory[] = [];
  try {
    for (let tries = 0; tries < TRIES; tries++) {
      const areas = attempt(port);
      if (areSideBySide(areas, port.abi.pageSize) && misplacedBy(areas, port) === 0n)
        return { ...finished(areas), hugeAddress: hugeAddress(port, hugePage) };
      failed.push(...areas, ...filler(port, areas));
    }
  } finally {
    // Not earlier: the kernel would hand the same unlucky places out again.
    for (const area of failed) area.close();
  }
  throw new Error("the kernel gave no memory areas that lie side by side");
}

/** Areas from the highest down. */
function attempt(port: KernelPort): readonly HostMemory[] {
  return areasOf(port.abi.pageSize)
    .toReversed()
    .map(({ pages, protection }) => {
      const area = port.mapMemory({ length: pages * port.abi.pageSize, protection });
      if (typeof area === "number") throw new Error(`mapMemory: ${area}`);
      return area;
    });
}

function areSideBySide(areas: readonly HostMemory[], page: number): boolean {
  const pages = areasOf(page)
    .toReversed()
    .map((area) => area.pages);
  return areas.every((area, index) => {
    const above = areas[index - 1];
    return (
      above === undefined || area.address + BigInt((pages[index] ?? 0) * page) === above.address
    );
  });
}

/**
 * On POWER a mapping's memory must be aligned to the window's pages, which may be larger than the
 * kernel's: so that no two machines differ in it, every arena begins 64 KiB beyond a multiple of 2 MiB.
 */
const PLACE = 0x1_0000n;
const EVERY = 0x20_0000n;

/** How many bytes lower an arena would have to begin. */
function misplacedBy(areas: readonly HostMemory[], { abi }: KernelPort): bigint {
  const lowest = areas.at(-1)?.address ?? 0n;
  return abi.ioctlEncoding === "powerpc" ? (lowest - PLACE) % EVERY : 0n;
}

/** What the next try, which begins below the last one, must be moved by. */
function filler(port: KernelPort, areas: readonly HostMemory[]): readonly HostMemory[] {
  const page = port.abi.pageSize;
  const length = BigInt(areasOf(page).reduce((bytes, { pages }) => bytes + pages * page, 0));
  const by = (((misplacedBy(areas, port) - length) % EVERY) + EVERY) % EVERY;
  if (by === 0n || port.abi.ioctlEncoding !== "powerpc") return [];
  const memory = port.mapMemory({ length: Number(by), protection: "none" });
  return typeof memory === "number" ? [] : [memory];
}

/** What of an arena the kernel may have kept after a sequence. */
export interface SpentMemory {
  readonly arena: boolean;
  readonly huge: boolean;
}

/** Other memory in place of what was spent. */
export function renewed(
  port: KernelPort,
  arena: Arena,
  { arena: arenaSpent, huge }: SpentMemory,
  hugePage: number,
): Arena {
  const { hugeAddress: old } = arena;
  return {
    ...(arenaSpent ? makeArena(port) : arena),
    hugeAddress: huge ? hugeAddress(port, hugePage) : old,
  };
}

function hugeAddress(port: KernelPort, pageSize: number): bigint {
  if (pageSize === 0) return 0n;
  const memory = port.mapMemory({ length: ARENA_HUGE_PAGES * pageSize, pageSize });
  if (typeof memory === "number") throw new Error(`mapMemory of huge pages: ${memory}`);
  return memory.address;
}

function finished(areas: readonly HostMemory[]): Omit<Arena, "hugeAddress"> {
  const named = (name: AreaName): HostMemory => {
    const area = areas[AREAS.length - 1 - AREAS.findIndex((each) => each.name === name)];
    if (area === undefined) throw new Error(`no area ${name}`);
    return area;
  };
  named("hole").close();
  return { address: named("main").address, main: named("main").bytes, bits: named("bits").bytes };
}
