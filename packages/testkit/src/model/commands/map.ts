// Maps a range of one buffer at a chosen IOVA: legal, overlapping, outside, beyond the buffer.

import type { ByteSize, HostAddress, Iova } from "@iommukit/core";
import fc from "fast-check";
import { dmaAccess } from "../../arbitraries/choices.ts";
import { type CommandKind, command } from "../command.ts";
import { allMapRefusals, lifeRefusals, mappingOf } from "../expect.ts";
import { hex, place, skew, slot } from "../places.ts";
import type { World } from "../world.ts";

interface Request {
  readonly to: number;
  readonly buffer: number;
  readonly page: number;
  readonly range: { readonly first: number; readonly pages: number };
  readonly access: "read" | "write" | "read-write";
  readonly skew: number;
  readonly skewed: "iova" | "host" | "size";
}

export const MAP: CommandKind = {
  name: "map",
  weight: 12,
  arbitrary: fc
    .record({
      to: slot(),
      buffer: slot(),
      page: fc.nat(11),
      range: fc.oneof(
        { weight: 12, arbitrary: place(6) },
        { weight: 1, arbitrary: place(600) },
        { weight: 1, arbitrary: place(6).map(({ first }) => ({ first, pages: 0 })) },
      ),
      access: dmaAccess(),
      skew: skew(),
      skewed: fc.constantFrom("iova" as const, "host" as const, "size" as const),
    })
    .map((request) =>
      command(
        `container ${request.to} maps ${request.range.pages} pages at ${hex(request.range.first)} to buffer ${request.buffer} from page ${request.page}, ${request.access}${request.skew === 0 ? "" : `, ${request.skewed} + ${request.skew}`}`,
        (world) => run(world, request),
      ),
    ),
};

function run(world: World, request: Request): void {
  const live = world.container(request.to);
  const buffer = world.memory(request.buffer);
  if (live === undefined || buffer === undefined) return;
  const mapping = mappingOf(request.range, buffer.model.first + request.page, request.access);
  if (world.isForeign({ first: mapping.hostPage, pages: mapping.pages })) return;
  world.name(mapping);
  const add = (name: Request["skewed"]): bigint =>
    request.skewed === name ? BigInt(request.skew) : 0n;
  const done = { ok: false };
  world.perform(
    "map",
    () => {
      Reflect.apply(live.container.dma.map, undefined, [
        iovaOf(mapping.first, add("iova")),
        hostOf(mapping.hostPage, add("host")),
        sizeOf(mapping.pages, add("size")),
        mapping.access,
      ]);
      done.ok = true;
    },
    () => ({
      refusals:
        request.skew === 0
          ? allMapRefusals(world.model, live, mapping)
          : skewedRefusals(live, mapping.pages),
      elseLaw: "I2",
      everyCallDecides: true,
    }),
  );
  if (done.ok) live.model.add(mapping);
}

function skewedRefusals(live: Parameters<typeof lifeRefusals>[0], pages: number) {
  const life = lifeRefusals(live);
  if (life.length > 0) return life;
  return [
    { code: "misaligned", law: "I13" } as const,
    { code: "outside-window", law: "I13" } as const,
    { code: "not-offered", law: "I13" } as const,
    ...(pages === 0 ? [{ code: "zero-size", law: "I13" } as const] : []),
  ];
}

export function iovaOf(page: number, skewed = 0n): Iova {
  // cast: brands are made by constructors that check; the point here is to pass what they would refuse
  return (BigInt(page) * 4096n + skewed) as Iova;
}

export function hostOf(page: number, skewed = 0n): HostAddress {
  // cast: as above
  return (BigInt(page) * 4096n + skewed) as HostAddress;
}

export function sizeOf(pages: number, skewed = 0n): ByteSize {
  // cast: as above
  return (BigInt(pages) * 4096n + skewed) as ByteSize;
}
