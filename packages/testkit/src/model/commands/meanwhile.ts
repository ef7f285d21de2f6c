// Something happens while a chunked map is under way: the results must be those of some order (I41).

import fc from "fast-check";
import { type CommandKind, command } from "../command.ts";
import { mappingOf } from "../expect.ts";
import { place, slot } from "../places.ts";
import type { LiveMemory, World } from "../world.ts";
import { hostOf, iovaOf, sizeOf } from "./map.ts";
import {
  CHUNK,
  closeMeanwhile,
  detachMeanwhile,
  giveBack,
  mapBeside,
  mustBeTyped,
  type Settled,
  type UnderWay,
  unmapEverything,
} from "./meanwhile-events.ts";

const EVENTS = ["map", "map", "close", "detach", "unmapAll", "free"] as const;

const SENTENCES: Readonly<Record<(typeof EVENTS)[number], string>> = {
  map: "a page of it is mapped",
  close: "the container must close",
  detach: "its first group must leave",
  unmapAll: "everything is unmapped",
  free: "the memory is given back",
};

interface Request {
  readonly to: number;
  readonly buffer: number;
  readonly range: { readonly first: number; readonly pages: number };
  /** Turns of the microtask queue before it happens. */
  readonly turns: number;
  readonly event: (typeof EVENTS)[number];
  readonly page: number;
}

export const MEANWHILE: CommandKind = {
  name: "meanwhile",
  weight: 2,
  arbitrary: fc
    .record({
      to: slot(),
      buffer: slot(),
      range: place(6),
      turns: fc.nat(12),
      event: fc.constantFrom(...EVENTS),
      page: fc.nat(8),
    })
    .map((request) =>
      command(
        `container ${request.to} maps ${request.range.pages} pages at page ${request.range.first} in chunks; after ${request.turns} turns ${SENTENCES[request.event]}${request.event === "map" ? ` (${request.page})` : ""}`,
        (world) => run(world, request),
      ),
    ),
};

async function run(world: World, request: Request): Promise<void> {
  const live = world.container(request.to);
  const buffer = world.memory(request.buffer);
  if (live === undefined || buffer === undefined || live.model.state !== "enabled") return;
  const mapping = mappingOf(request.range, buffer.model.first, "read-write");
  if (world.isForeign({ first: mapping.hostPage, pages: mapping.pages })) return;
  world.name(mapping);
  world.watch.begin();
  world.watch.end();
  const chunked = settled(
    live.container.dma.mapInChunks(
      iovaOf(mapping.first),
      hostOf(mapping.hostPage),
      sizeOf(mapping.pages),
      "read-write",
      { chunkSize: sizeOf(CHUNK) },
    ),
  );
  for (let turn = 0; turn < request.turns; turn++) await Promise.resolve();
  await happen(world, request, { live, mapping, chunked }, buffer);
}

function happen(
  world: World,
  { event, page }: Request,
  underWay: UnderWay,
  buffer: LiveMemory,
): Promise<void> {
  switch (event) {
    case "map":
      return mapBeside(world, underWay, page);
    case "close":
      return closeMeanwhile(world, underWay);
    case "detach":
      return detachMeanwhile(underWay);
    case "unmapAll":
      return unmapEverything(underWay);
    case "free":
      return giveBack(world, underWay, buffer);
  }
}

async function settled(promise: Promise<void>): Settled {
  try {
    await promise;
    return undefined;
  } catch (error) {
    mustBeTyped("mapInChunks", error);
    return error;
  }
}
