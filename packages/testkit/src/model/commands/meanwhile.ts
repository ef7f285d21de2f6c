// Something happens while a chunked map is under way: the results must be those of some order (I41).

import { type IommuError, isIommuError } from "@iommukit/core";
import fc from "fast-check";
import { demand } from "../../laws/law.ts";
import { type CommandKind, command } from "../command.ts";
import { allMapRefusals, mappingOf, mapRefusals, pinRefusals } from "../expect.ts";
import type { ModelMapping } from "../model.ts";
import { place, slot } from "../places.ts";
import type { LiveContainer, World } from "../world.ts";
import { closeContainer } from "./containers.ts";
import { hostOf, iovaOf, sizeOf } from "./map.ts";
import { chunksOf } from "./map-in-chunks.ts";

interface Request {
  readonly to: number;
  readonly buffer: number;
  readonly range: { readonly first: number; readonly pages: number };
  /** Turns of the microtask queue before it happens. */
  readonly turns: number;
  readonly event: "map" | "close" | "detach";
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
      event: fc.constantFrom("map" as const, "map" as const, "close" as const, "detach" as const),
      page: fc.nat(8),
    })
    .map((request) =>
      command(
        `container ${request.to} maps ${request.range.pages} pages at page ${request.range.first} in chunks; after ${request.turns} turns ${request.event === "map" ? `page ${request.page} of it is mapped` : `it must ${request.event}`}`,
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
  const { dma } = live.container;
  const chunked = settled(
    dma.mapInChunks(
      iovaOf(mapping.first),
      hostOf(mapping.hostPage),
      sizeOf(mapping.pages),
      "read-write",
      {
        chunkSize: sizeOf(2),
      },
    ),
  );
  for (let turn = 0; turn < request.turns; turn++) await Promise.resolve();
  if (request.event === "map") await beside(world, live, { mapping, page: request.page, chunked });
  else if (request.event === "close") await closing(world, live, chunked);
  else await leaving(live, { mapping, chunked });
}

const HELD = ["already-mapped", "mapping-limit", "locked-memory-limit", "out-of-memory"] as const;

type Settled = Promise<IommuError | undefined>;

/** The error it ended with; anything but the library's own is a crash. */
async function settled(promise: Promise<void>): Settled {
  try {
    await promise;
    return undefined;
  } catch (error) {
    demand("I38", isIommuError(error), () => `mapInChunks threw ${String(error)}`);
    return error;
  }
}

async function beside(
  world: World,
  live: LiveContainer,
  { mapping, page, chunked }: { mapping: ModelMapping; page: number; chunked: Settled },
): Promise<void> {
  const single = mappingOf({ first: mapping.first + page, pages: 1 }, mapping.hostPage, "read");
  world.name(single);
  let failed: unknown;
  try {
    live.container.dma.map(iovaOf(single.first), hostOf(single.hostPage), sizeOf(1), "read");
  } catch (error) {
    failed = error;
  }
  const chunkError = await chunked;
  const said = `${failed === undefined}, ${chunkError === undefined}`;
  const orders = [
    order(world, live, mapping, single),
    order(world, live, single, mapping).toReversed(),
  ].map(([many, one]) => `${one}, ${many}`);
  // What a map under way holds is refused to others even if that map fails in the end.
  const held = chunkError !== undefined && HELD.some((code) => isIommuError(failed, code));
  demand(
    "I41",
    held || orders.includes(said),
    () => `${said} is the result of no order: ${orders.join(" / ")}`,
  );
  if (chunkError === undefined) for (const chunk of chunksOf(mapping, 2)) live.model.add(chunk);
  if (failed === undefined) live.model.add(single);
}

/** Whether the first and then the second succeed, one after the other. */
function order(
  world: World,
  live: LiveContainer,
  first: ModelMapping,
  second: ModelMapping,
): readonly boolean[] {
  const firstWorks = mayMap(world, live, first);
  const parts = firstWorks ? chunksOf(first, 2) : [];
  for (const part of parts) live.model.add(part);
  const secondWorks = mayMap(world, live, second);
  for (const part of parts) live.model.remove(part);
  return [firstWorks, secondWorks];
}

function mayMap(world: World, live: LiveContainer, mapping: ModelMapping): boolean {
  if (mapping.pages === 1) return allMapRefusals(world.model, live, mapping).length === 0;
  const host = { first: mapping.hostPage, pages: mapping.pages };
  const refusals = mapRefusals(live, mapping, Math.ceil(mapping.pages / 2));
  return refusals.length === 0 && pinRefusals(world.model, [host]).length === 0;
}

async function closing(world: World, live: LiveContainer, chunked: Settled): Promise<void> {
  const at = world.containers.indexOf(live);
  closeContainer(world, at);
  await chunked;
}

/** The last group leaves in the middle: refused, or everything is dropped and nothing comes after. */
async function leaving(
  live: LiveContainer,
  { mapping, chunked }: { mapping: ModelMapping; chunked: Settled },
): Promise<void> {
  const [group] = live.model.groups;
  if (group === undefined) return;
  try {
    live.container.control.detach(group);
  } catch (error) {
    demand("I38", isIommuError(error), () => `detach threw ${String(error)}`);
  }
  const left = !live.container.control.groups.includes(group);
  if (left) live.model.groups = live.model.groups.filter((each) => each !== group);
  const dropped = left && live.model.groups.length === 0;
  if (dropped) live.model.drop("opened");
  if (dropped) live.registrations = [];
  const error = await chunked;
  if (dropped || error !== undefined) return;
  for (const chunk of chunksOf(mapping, 2)) live.model.add(chunk);
}
