// Maps pieces of a buffer one after the other: neighbours become one mapping; all of it or nothing.

import fc from "fast-check";
import { dmaAccess, type PageSegment, pageSegments } from "../../arbitraries/choices.ts";
import { demand } from "../../laws/law.ts";
import { type CommandKind, command } from "../command.ts";
import { keepWhatWasNotUndone, mappingOf, mapRefusals, pinRefusals } from "../expect.ts";
import type { ModelMapping } from "../model.ts";
import { hex, place, slot } from "../places.ts";
import type { World } from "../world.ts";
import { hostOf, iovaOf, sizeOf } from "./map.ts";

interface Request {
  readonly to: number;
  readonly buffer: number;
  readonly first: number;
  readonly segments: readonly PageSegment[];
  readonly access: "read" | "write" | "read-write";
}

export const MAP_SEGMENTS: CommandKind = {
  name: "mapSegments",
  weight: 4,
  arbitrary: fc
    .record({
      to: slot(),
      buffer: slot(),
      first: place(1).map(({ first }) => first),
      segments: pageSegments(8),
      access: dmaAccess(),
    })
    .map((request) =>
      command(
        `container ${request.to} maps segments ${request.segments.map(({ page, pages }) => `${page}+${pages}`).join(" ")} of buffer ${request.buffer} at ${hex(request.first)}, ${request.access}`,
        (world) => run(world, request),
      ),
    ),
};

function run(world: World, request: Request): void {
  const live = world.container(request.to);
  const buffer = world.memory(request.buffer);
  if (live === undefined || buffer === undefined) return;
  const runs = joined(request, buffer.model.first);
  if (runs.some(({ hostPage, pages }) => world.isForeign({ first: hostPage, pages }))) return;
  for (const mapping of runs) world.name(mapping);
  const value = world.perform(
    "mapSegments",
    () =>
      live.container.dma.mapSegments(
        iovaOf(request.first),
        request.segments.map(({ page, pages }) => ({
          host: hostOf(buffer.model.first + page),
          size: sizeOf(pages),
        })),
        request.access,
      ),
    () => ({
      refusals: [
        ...runs.flatMap((mapping) => mapRefusals(live, mapping, runs.length)),
        ...pinRefusals(
          world.model,
          runs.map(({ hostPage, pages }) => ({ first: hostPage, pages })),
        ),
      ],
      elseLaw: "I2",
      everyCallDecides: true,
    }),
  );
  if (value === undefined) {
    keepWhatWasNotUndone(world, live, runs);
    return;
  }
  demand("I18", value === runs.length, () => `mapSegments made ${value} mappings`);
  for (const mapping of runs) live.model.add(mapping);
}

/** The mappings that segments become: a segment that follows its predecessor in memory joins it. */
function joined(request: Request, base: number): readonly ModelMapping[] {
  const runs: ModelMapping[] = [];
  let at = request.first;
  for (const { page, pages } of request.segments) {
    const last = runs.at(-1);
    const hostPage = base + page;
    if (last !== undefined && last.hostPage + last.pages === hostPage)
      runs[runs.length - 1] = { ...last, pages: last.pages + pages };
    else runs.push(mappingOf({ first: at, pages }, hostPage, request.access));
    at += pages;
  }
  return runs;
}
