// Lets the library choose the IOVA: the lowest that fits, under an alignment and a highest address.

import { isIommuError } from "@iommukit/core";
import fc from "fast-check";
import { dmaAccess } from "../../arbitraries/choices.ts";
import { demand } from "../../laws/law.ts";
import { type CommandKind, command } from "../command.ts";
import { allMapRefusals, lifeRefusals, mappingOf } from "../expect.ts";
import type { ModelContainer } from "../model.ts";
import type { Refusal } from "../outcome.ts";
import { slot } from "../places.ts";
import type { LiveContainer, World } from "../world.ts";
import { hostOf, iovaOf, sizeOf } from "./map.ts";

interface Request {
  readonly to: number;
  readonly buffer: number;
  readonly pages: number;
  readonly access: "read" | "write" | "read-write";
  readonly alignment: number;
  readonly highest: number | undefined;
}

export const MAP_ANYWHERE: CommandKind = {
  name: "mapAnywhere",
  weight: 6,
  arbitrary: fc
    .record({
      to: slot(),
      buffer: slot(),
      pages: fc.integer({ min: 1, max: 5 }),
      access: dmaAccess(),
      alignment: fc.constantFrom(1, 1, 2, 16, 512),
      highest: fc.constantFrom(undefined, undefined, 3, 0x1ff, 0xfffff, 0xfedff),
    })
    .map((request) =>
      command(
        `container ${request.to} maps ${request.pages} pages of buffer ${request.buffer} anywhere, ${request.access}, aligned to ${request.alignment} pages${request.highest === undefined ? "" : `, up to page ${request.highest}`}`,
        (world) => run(world, request),
      ),
    ),
};

function run(world: World, request: Request): void {
  const live = world.container(request.to);
  const buffer = world.memory(request.buffer);
  if (live === undefined || buffer === undefined) return;
  const { pages, alignment, highest, access } = request;
  const at = lowestFree(live.model, pages, alignment, highest);
  const mapping = mappingOf({ first: at ?? 0, pages }, buffer.model.first, access);
  if (world.isForeign({ first: mapping.hostPage, pages })) return;
  world.name(mapping);
  const value = world.perform(
    "mapAnywhere",
    () =>
      live.container.dma.mapAnywhere(hostOf(mapping.hostPage), sizeOf(pages), access, {
        alignment: sizeOf(alignment),
        ...(highest === undefined ? {} : { highest: iovaOf(highest, 4095n) }),
      }),
    ({ error }) => ({
      refusals: at === undefined ? full(live, error) : allMapRefusals(world.model, live, mapping),
      elseLaw: "I2",
      everyCallDecides: true,
    }),
  );
  if (value === undefined) return;
  demand("I18", value === iovaOf(mapping.first), () => {
    return `mapAnywhere chose ${value}, the lowest free is page ${at}`;
  });
  live.model.add(mapping);
}

function full(live: LiveContainer, error: unknown): readonly Refusal[] {
  const life = lifeRefusals(live);
  if (life.length > 0) return life;
  // A write-only map may be refused for that before or after the search.
  const also = isIommuError(error, "not-offered") ? "not-offered" : "no-iova-space";
  return [{ code: also, law: "I11" }];
}

/** The lowest page that is free for long enough; tries what follows each window's start and mapping. */
function lowestFree(
  model: ModelContainer,
  pages: number,
  alignment: number,
  highest: number | undefined,
): number | undefined {
  for (const window of model.windows) {
    const last = Math.min(window.last, highest ?? window.last);
    const ends = model.mappings.map((mapping) => mapping.first + mapping.pages);
    const starts = [window.first, ...ends.filter((end) => end > window.first)]
      .map((start) => Math.ceil(start / alignment) * alignment)
      .sort((a, b) => a - b);
    const found = starts.find(
      (first) => first + pages - 1 <= last && model.meeting({ first, pages }).length === 0,
    );
    if (found !== undefined) return found;
  }
  return undefined;
}
