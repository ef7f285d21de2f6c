// Random histories of map and unmap on both drivers, against a plain list of mappings.
//
// After every step each page of the newest mapping is translated, a device moves bytes at both ends of
// every live mapping, and pages just outside them and of past mappings must be blocked. At the end each
// page of what is left is translated, everything is unmapped, and no table frame may be left.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { AmdIommu } from "../../hardware/amdvi/amd-iommu.ts";
import { BLOCKED, type IommuHardware } from "../../hardware/iommu-hardware.ts";
import { VtdIommu, type VtdOptions } from "../../hardware/vtd/vtd-iommu.ts";
import { DmaBus } from "../../memory/bus.ts";
import { frameOfPage, PhysicalMemory } from "../../memory/physical-memory.ts";
import type { FrameAllocation } from "../../memory/physical-memory-types.ts";
import { AmdDriver } from "./amdvi-driver.ts";
import type { IommuDomain } from "./domain.ts";
import { VtdDriver } from "./vtd-driver.ts";

const REQUESTER = 0x0310;
const GIB = 0x4_0000;

interface World {
  readonly memory: PhysicalMemory;
  readonly hardware: IommuHardware;
  readonly domain: IommuDomain;
  readonly bus: DmaBus;
  readonly tablesBefore: number;
}

interface Mapping {
  readonly iova: number;
  readonly physical: number;
  readonly frames: number;
  /** What the device can do; Linux makes every VT-d mapping readable. */
  readonly access: { read: boolean; write: boolean };
}

function vtdWorld(options: Partial<VtdOptions>): World {
  const memory = new PhysicalMemory({ seed: 3 });
  const hardware = new VtdIommu({ ...options, memory });
  const driver = new VtdDriver({ memory, registers: hardware.registers });
  return attach(memory, hardware, driver);
}

function amdWorld(): World {
  const memory = new PhysicalMemory({ seed: 3 });
  const hardware = new AmdIommu({ memory });
  const driver = new AmdDriver({ memory, registers: hardware.registers });
  return attach(memory, hardware, driver);
}

function attach(
  memory: PhysicalMemory,
  hardware: IommuHardware,
  driver: VtdDriver | AmdDriver,
): World {
  // The bus's context table belongs to the driver: make it before counting.
  const first = driver.createDomain();
  first.attach(REQUESTER);
  first.detach(REQUESTER);
  first.free();
  const tablesBefore = memory.tables.inUse;
  const domain = driver.createDomain();
  domain.attach(REQUESTER);
  return { memory, hardware, domain, bus: new DmaBus({ hardware, memory }), tablesBefore };
}

const step = fc.record({
  operation: fc.constantFrom("map", "map", "map", "unmap"),
  place: fc.oneof(
    fc.constantFrom(0, 1, 512, GIB, 3 * GIB),
    fc.constant("below 4 GiB" as const),
    fc.constant("across 4 GiB" as const),
    fc.constant("top" as const),
    fc.double({ min: 0, max: 0.999, noNaN: true }).map((part) => ({ part })),
  ),
  frames: fc.oneof(
    fc.integer({ min: 1, max: 40 }),
    fc.constantFrom(511, 512, 513, 1024, 1536, 4096),
    fc.constantFrom(2048, 100, 7),
    fc.constantFrom(GIB, GIB + 512 + 1),
  ),
  source: fc.oneof(fc.constant("scattered" as const), fc.constantFrom(0, 0, 1, 512, GIB - 512)),
  access: fc.constantFrom(
    { read: true, write: true },
    { read: true, write: false },
    { read: false, write: true },
  ),
  which: fc.nat(),
});
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

function placeOf(chosen: Step, frames: number, last: number): number {
  const { place } = chosen;
  if (typeof place === "number") return place;
  if (place === "below 4 GiB") return 0xfee00 - frames;
  if (place === "across 4 GiB") return 0x10_0000 - Math.min(Math.ceil(frames / 2), 0xff);
  if (place === "top") return last + 1 - frames;
  return Math.floor(place.part * (last + 1 - frames));
}

class History {
  readonly #world: World;
  readonly #large: FrameAllocation;
  readonly #small: FrameAllocation;
  readonly #past: number[] = [];
  #live: Mapping[] = [];

  constructor(world: World) {
    this.#world = world;
    this.#large = world.memory.allocate(2 * GIB + 1024, "contiguous");
    this.#small = world.memory.allocate(40, "scattered");
  }

  apply(chosen: Step): void {
    if (chosen.operation === "map") this.#map(chosen);
    else this.#unmap(chosen.which);
    const newest = this.#live.at(-1);
    if (newest !== undefined) this.#checkEveryPage(newest);
    this.#check();
  }

  end(): void {
    for (const mapping of this.#live) this.#checkEveryPage(mapping);
    while (this.#live.length > 0) this.#unmap(0);
    this.#check();
    this.#world.domain.detach(REQUESTER);
    this.#world.domain.free();
    expect(this.#world.memory.tables.inUse).toBe(this.#world.tablesBefore);
    expect(this.#world.memory.takeStrayAccesses()).toEqual([]);
  }

  #map(chosen: Step): void {
    const { domain } = this.#world;
    const isScattered = chosen.source === "scattered";
    const frames = isScattered ? Math.min(chosen.frames, 40) : chosen.frames;
    const iova = placeOf(chosen, frames, domain.aperture.last);
    if (iova < 0 || !this.#isAllowed(iova, iova + frames)) return;
    const { access } = chosen;
    const reached = { ...access, read: access.read || this.#world.hardware.name === "vtd" };
    for (let page = 0; page < frames; page++) {
      const rest = isScattered ? 1 : frames;
      const first = isScattered ? page : Number(chosen.source);
      const physical = frameOfPage(isScattered ? this.#small : this.#large, first);
      domain.map(iova + page, physical, rest, access);
      this.#live.push({ iova: iova + page, physical, frames: rest, access: reached });
      if (!isScattered) break;
    }
  }

  #isAllowed(first: number, end: number): boolean {
    const taken = [
      { iova: 0xfee00, frames: 0x100 },
      { iova: 0xfd0_0000, frames: 0x300_0000 },
      ...this.#live,
    ];
    return taken.every((range) => end <= range.iova || range.iova + range.frames <= first);
  }

  #unmap(which: number): void {
    const mapping = this.#live[which % Math.max(1, this.#live.length)];
    if (mapping === undefined) return;
    this.#live = this.#live.filter((other) => other !== mapping);
    expect(this.#world.domain.unmap(mapping.iova, mapping.frames)).toBe(mapping.frames);
    const { iova, frames } = mapping;
    this.#past.push(iova, iova + frames - 1, iova + Math.floor(frames / 2));
  }

  #check(): void {
    for (const mapping of this.#live) this.#checkMapping(mapping);
    const outside = this.#live.flatMap(({ iova, frames }) => [iova - 1, iova + frames]);
    for (const frame of [...outside, ...this.#past]) {
      if (frame < 0 || frame >= 2 ** 52 || !this.#isAllowed(frame, frame + 1)) continue;
      expect(this.#world.hardware.translateFrame(REQUESTER, frame, "read")).toBe(BLOCKED);
      expect(this.#world.hardware.translateFrame(REQUESTER, frame, "write")).toBe(BLOCKED);
    }
  }

  #checkMapping({ iova, physical, frames, access }: Mapping): void {
    this.#checkBytes(iova, physical, access);
    this.#checkBytes(iova + frames - 1, physical + frames - 1, access);
  }

  #checkEveryPage({ iova, physical, frames, access }: Mapping): void {
    const { hardware } = this.#world;
    let wrong = 0;
    for (let page = 0; page < frames; page++) {
      const read = hardware.translateFrame(REQUESTER, iova + page, "read");
      const write = hardware.translateFrame(REQUESTER, iova + page, "write");
      if (read !== (access.read ? physical + page : BLOCKED)) wrong++;
      if (write !== (access.write ? physical + page : BLOCKED)) wrong++;
    }
    expect(wrong, `wrong pages in ${iova.toString(16)} + ${frames}`).toBe(0);
  }

  /** The device leaves a mark through the IOVA; it must be in the frame, and nowhere else. */
  #checkBytes(iova: number, physical: number, access: Mapping["access"]): void {
    const { bus, memory } = this.#world;
    const address = (BigInt(iova) << 12n) + 0xff8n;
    const stored = new Uint8Array(8);
    memory.write(physical, 0xff8, Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8));
    const seen = new Uint8Array(8);
    bus.dmaRead(REQUESTER, address, seen);
    expect([...seen]).toEqual(access.read ? [1, 2, 3, 4, 5, 6, 7, 8] : [0, 0, 0, 0, 0, 0, 0, 0]);
    const sent = bus.dmaWrite(REQUESTER, address, Uint8Array.of(9));
    expect(sent.moved).toBe(access.write ? 1 : 0);
    memory.read(physical, 0xff8, stored);
    expect(stored[0]).toBe(access.write ? 9 : 1);
  }
}

describe.each([
  ["VT-d, 39 bits", () => vtdWorld({})],
  ["VT-d, 48 bits, no caching mode", () => vtdWorld({ addressWidth: 48, cachingMode: false })],
  [
    "VT-d, 57 bits, 4 KiB pages only",
    () => vtdWorld({ addressWidth: 57, pages2M: false, pages1G: false }),
  ],
  ["AMD-Vi", amdWorld],
])("%s", (_, makeWorld) => {
  test("a device reaches exactly what is mapped, after every step of any history", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
        const history = new History(makeWorld());
        for (const chosen of steps) history.apply(chosen);
        history.end();
      }),
      { numRuns: 20 },
    );
  });
});
