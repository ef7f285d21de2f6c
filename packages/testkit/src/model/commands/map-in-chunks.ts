// Maps in chunks, off the event loop: to the end, or until a signal stops it after some chunk.

import fc from "fast-check";
import { dmaAccess } from "../../arbitraries/choices.ts";
import { type CommandKind, command } from "../command.ts";
import { keepWhatWasNotUndone, mappingOf, mapRefusals, pinRefusals } from "../expect.ts";
import type { ModelMapping } from "../model.ts";
import type { Refusal } from "../outcome.ts";
import { hex, place, slot } from "../places.ts";
import type { World } from "../world.ts";
import { hostOf, iovaOf, sizeOf } from "./map.ts";

interface Request {
  readonly to: number;
  readonly buffer: number;
  readonly range: { readonly first: number; readonly pages: number };
  readonly chunk: number;
  readonly access: "read" | "write" | "read-write";
  /** The signal fires after so many chunks. */
  readonly stopAfter: number | undefined;
}

export const MAP_IN_CHUNKS: CommandKind = {
  name: "mapInChunks",
  weight: 4,
  arbitrary: fc
    .record({
      to: slot(),
      buffer: slot(),
      range: place(9),
      chunk: fc.integer({ min: 1, max: 4 }),
      access: dmaAccess(),
      stopAfter: fc.constantFrom(undefined, undefined, 0, 1, 2),
    })
    .map((request) =>
      command(
        `container ${request.to} maps ${request.range.pages} pages of buffer ${request.buffer} at ${hex(request.range.first)} in chunks of ${request.chunk}, ${request.access}${request.stopAfter === undefined ? "" : `, stopped after ${request.stopAfter}`}`,
        (world) => run(world, request),
      ),
    ),
};

async function run(world: World, request: Request): Promise<void> {
  const live = world.container(request.to);
  const buffer = world.memory(request.buffer);
  if (live === undefined || buffer === undefined) return;
  const mapping = mappingOf(request.range, buffer.model.first, request.access);
  const chunks = chunksOf(mapping, request.chunk);
  if (world.isForeign({ first: mapping.hostPage, pages: mapping.pages })) return;
  world.name(mapping);
  // A signal that fires with the last chunk is too late or not: both are sound.
  const tooLate = (request.stopAfter ?? chunks.length) >= chunks.length;
  const stopAfter = tooLate ? Number.POSITIVE_INFINITY : (request.stopAfter ?? 0);
  const signal = { aborted: stopAfter === 0 };
  let done = 0;
  const { threw } = await world.performAsync(
    "mapInChunks",
    () =>
      live.container.dma.mapInChunks(
        iovaOf(mapping.first),
        hostOf(mapping.hostPage),
        sizeOf(mapping.pages),
        mapping.access,
        {
          chunkSize: sizeOf(request.chunk),
          signal,
          onProgress: () => {
            done++;
            signal.aborted = done >= stopAfter;
          },
        },
      ),
    () => ({
      refusals: [
        ...mapRefusals(live, mapping, chunks.length),
        ...pinRefusals(world.model, [{ first: mapping.hostPage, pages: mapping.pages }]),
        ...(stopAfter < chunks.length ? [ABORTED] : []),
      ],
      elseLaw: "I2",
      everyCallDecides: true,
    }),
  );
  if (threw) keepWhatWasNotUndone(world, live, chunks);
  else for (const chunk of chunks) live.model.add(chunk);
}

const ABORTED: Refusal = { code: "aborted", law: "I16", by: "kernel" };

export function chunksOf(mapping: ModelMapping, size: number): readonly ModelMapping[] {
  const chunks: ModelMapping[] = [];
  for (let done = 0; done < mapping.pages; done += size)
    chunks.push({
      first: mapping.first + done,
      pages: Math.min(size, mapping.pages - done),
      hostPage: mapping.hostPage + done,
      access: mapping.access,
    });
  return chunks;
}
