// What may happen while a chunked map is under way, each with the results that some order gives (I41).

import { type IommuError, isIommuError } from "@iommukit/core";
import { demand, LawBroken } from "../../laws/law.ts";
import { allMapRefusals, mappingOf, mapRefusals, pinRefusals } from "../expect.ts";
import type { ModelMapping } from "../model.ts";
import type { LiveContainer, LiveMemory, World } from "../world.ts";
import { closeContainer } from "./containers.ts";
import { hostOf, iovaOf, sizeOf } from "./map.ts";
import { chunksOf } from "./map-in-chunks.ts";

/** Pages of a chunk. */
export const CHUNK = 2;

/** Refusals because of what a map under way holds. */
const HELD = ["already-mapped", "mapping-limit", "locked-memory-limit", "out-of-memory"] as const;

/** The error a chunked map ended with, or undefined. */
export type Settled = Promise<IommuError | undefined>;

/** A chunked map that runs, and what it maps. */
export interface UnderWay {
  readonly live: LiveContainer;
  readonly mapping: ModelMapping;
  readonly chunked: Settled;
}

/** I38: anything but the library's own errors is a crash, and a broken law is told as it is. */
export function mustBeTyped(what: string, error: unknown): asserts error is IommuError {
  if (error instanceof LawBroken) throw error;
  demand("I38", isIommuError(error), () => `${what} threw ${String(error)}`);
}

/** A single page of the range is mapped too: one of the two may work, as if one had come first. */
export async function mapBeside(
  world: World,
  { live, mapping, chunked }: UnderWay,
  page: number,
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
  if (chunkError === undefined) addChunks(live, mapping);
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
  const parts = firstWorks ? chunksOf(first, CHUNK) : [];
  for (const part of parts) live.model.add(part);
  const secondWorks = mayMap(world, live, second);
  for (const part of parts) live.model.remove(part);
  return [firstWorks, secondWorks];
}

function mayMap(world: World, live: LiveContainer, mapping: ModelMapping): boolean {
  if (mapping.pages === 1) return allMapRefusals(world.model, live, mapping).length === 0;
  const host = { first: mapping.hostPage, pages: mapping.pages };
  const refusals = mapRefusals(live, mapping, Math.ceil(mapping.pages / CHUNK));
  return refusals.length === 0 && pinRefusals(world.model, [host]).length === 0;
}

/** Refused while the chunks are on their way; afterwards they go with all the others. */
export async function unmapEverything({ live, mapping, chunked }: UnderWay): Promise<void> {
  const emptied = succeeds("unmapAll", () => live.container.dma.unmapAll());
  const chunkError = await chunked;
  if (emptied) for (const each of [...live.model.mappings]) live.model.remove(each);
  else if (chunkError === undefined) addChunks(live, mapping);
}

/** Memory that a chunk on its way stands on is not given back; a map that failed may let go of it. */
export async function giveBack(
  world: World,
  { live, mapping, chunked }: UnderWay,
  buffer: LiveMemory,
): Promise<void> {
  const freed = succeeds("close memory", () => buffer.memory.close());
  if (freed) world.release(buffer);
  const chunkError = await chunked;
  demand("I41", !freed || chunkError !== undefined, () => {
    return "memory was given back while a map that stood on it went on";
  });
  if (chunkError === undefined) addChunks(live, mapping);
}

/** Closing waits for the chunk that is in the kernel, and no other comes after it. */
export async function closeMeanwhile(world: World, { live, chunked }: UnderWay): Promise<void> {
  closeContainer(world, world.containers.indexOf(live));
  await chunked;
}

/** The last group leaves in the middle: refused, or everything is dropped and nothing comes after. */
export async function detachMeanwhile({ live, mapping, chunked }: UnderWay): Promise<void> {
  const [group] = live.model.groups;
  if (group === undefined) return;
  succeeds("detach", () => live.container.control.detach(group));
  const left = !live.container.control.groups.includes(group);
  if (left) live.model.groups = live.model.groups.filter((each) => each !== group);
  const dropped = left && live.model.groups.length === 0;
  if (dropped) live.model.drop("opened");
  if (dropped) live.registrations = [];
  const error = await chunked;
  if (!dropped && error === undefined) addChunks(live, mapping);
}

function succeeds(what: string, action: () => unknown): boolean {
  try {
    action();
    return true;
  } catch (error) {
    mustBeTyped(what, error);
    return false;
  }
}

function addChunks({ model }: LiveContainer, mapping: ModelMapping): void {
  for (const chunk of chunksOf(mapping, CHUNK)) model.add(chunk);
}
