// Dirty tracking: on, asked for ranges, off; what devices wrote in between must have been told.

import type { DirtyBitmap, DirtyTracking } from "@iommukit/core";
import fc from "fast-check";
import { type Relation, relatedTo } from "../../arbitraries/ranges.ts";
import { bitsAreOfPages, writesAreTold } from "../../laws/dirty.ts";
import { type CommandKind, command } from "../command.ts";
import { lifeRefusals, unmapRefusals } from "../expect.ts";
import type { Pages } from "../model.ts";
import type { Refusal } from "../outcome.ts";
import { slot } from "../places.ts";
import type { LiveContainer, World } from "../world.ts";
import { iovaOf, sizeOf } from "./map.ts";

const RELATIONS: readonly Relation[] = ["equal", "equal", "contains", "nested", "apart", "empty"];

export const DIRTY_SWITCH: CommandKind = {
  name: "dirty tracking on or off",
  weight: 4,
  arbitrary: fc
    .record({ of: slot(), to: fc.constantFrom("on" as const, "on" as const, "off" as const) })
    .map(({ of, to }) =>
      command(`container ${of} switches dirty tracking ${to}`, (world) =>
        to === "on" ? start(world, of) : stop(world, of),
      ),
    ),
};

interface Question {
  readonly of: number;
  readonly which: number;
  readonly relation: Relation;
  readonly by: "query" | "unmapWithDirty";
}

export const DIRTY_ASK: CommandKind = {
  name: "dirty pages",
  weight: 5,
  arbitrary: fc
    .record({
      of: slot(),
      which: fc.nat(15),
      relation: fc.constantFrom(...RELATIONS),
      by: fc.constantFrom("query" as const, "query" as const, "unmapWithDirty" as const),
    })
    .map((question) =>
      command(
        `container ${question.of} asks by ${question.by} what was written ${question.relation} to its mapping ${question.which}`,
        (world) => ask(world, question),
      ),
    ),
};

function start(world: World, of: number): void {
  const live = world.container(of);
  if (live === undefined) return;
  const wrong: Refusal = { code: "wrong-state", law: "I31" };
  const done = { ok: false };
  world.perform(
    "dirty.start",
    () => {
      live.container.dirty.start();
      done.ok = true;
    },
    () => ({
      refusals: [...lifeRefusals(live), ...(live.model.tracking ? [wrong] : [])],
      elseLaw: "I31",
    }),
  );
  if (done.ok) live.model.tracking = true;
}

function stop(world: World, of: number): void {
  const live = world.container(of);
  if (live === undefined) return;
  const final = world.perform(
    "dirty.stop",
    () => live.container.dirty.stop(),
    () => ({ refusals: trackingRefusals(live), elseLaw: "I31" }),
  );
  if (final === undefined) return;
  for (const bitmap of final.bitmaps) bitsAreOfPages(live.model, bitmap);
  writesAreTold(live.model, final.bitmaps, final.unknown, everywhere);
  live.model.tracking = false;
  live.model.written.clear();
}

const everywhere: Pages = { first: 0, pages: 2 ** 52 };

function trackingRefusals(live: LiveContainer): readonly Refusal[] {
  const life = lifeRefusals(live);
  if (life.length > 0 || live.model.tracking) return life;
  return [{ code: "wrong-state", law: "I31" }];
}

function ask(world: World, question: Question): void {
  const live = world.container(question.of);
  if (live === undefined) return;
  const { model } = live;
  const mapping = model.mappings[question.which % Math.max(1, model.mappings.length)];
  const range = relatedTo(mapping ?? { first: 5, pages: 2 }, question.relation);
  const bitmap = world.perform(
    question.by,
    () => answer(live.container.dirty, question.by, range),
    () => ({ refusals: askRefusals(live, range, question.by), elseLaw: "I32" }),
  );
  if (bitmap === undefined) return;
  bitsAreOfPages(model, bitmap);
  writesAreTold(model, [bitmap], bitmap.unknown, range);
  for (const page of [...model.written])
    if (page >= range.first && page < range.first + range.pages) model.written.delete(page);
  if (question.by === "unmapWithDirty") for (const each of model.meeting(range)) model.remove(each);
}

function answer(dirty: DirtyTracking, by: Question["by"], range: Pages): DirtyBitmap {
  const [iova, size] = [iovaOf(range.first), sizeOf(range.pages)];
  return by === "query" ? dirty.query(iova, size) : dirty.unmapWithDirty(iova, size);
}

function askRefusals(live: LiveContainer, range: Pages, by: Question["by"]): readonly Refusal[] {
  const tracking = trackingRefusals(live);
  if (tracking.length > 0) return tracking;
  const refusals = unmapRefusals(live, range);
  // A query may find nothing; an unmap must find something.
  return by === "query" ? refusals.filter(({ code }) => code !== "not-mapped") : refusals;
}
