// Unmaps a range that stands in some relation to a live mapping: itself, a part, a neighbour, nothing.

import fc from "fast-check";
import { RELATIONS, type Relation, relatedTo } from "../../arbitraries/ranges.ts";
import { type CommandKind, command } from "../command.ts";
import { unmapRefusals } from "../expect.ts";
import type { Pages } from "../model.ts";
import { slot } from "../places.ts";
import type { LiveContainer, World } from "../world.ts";
import { iovaOf, sizeOf } from "./map.ts";

interface Request {
  readonly from: number;
  readonly which: number;
  readonly relation: Relation;
}

export const UNMAP: CommandKind = {
  name: "unmap",
  weight: 10,
  arbitrary: fc
    .record({
      from: slot(),
      which: fc.nat(15),
      relation: fc.oneof(
        { weight: 3, arbitrary: fc.constant("equal" as const) },
        { weight: 2, arbitrary: fc.constantFrom(...RELATIONS) },
      ),
    })
    .map((request) =>
      command(
        `container ${request.from} unmaps a range ${request.relation} to its mapping ${request.which}`,
        (world) => run(world, request),
      ),
    ),
};

function run(world: World, request: Request): void {
  const live = world.container(request.from);
  if (live === undefined) return;
  const range = relatedTo(target(live, request.which), request.relation);
  if (request.relation === "wraps") {
    wrapping(world, live, range);
    return;
  }
  world.name(range);
  const done = { ok: false };
  world.perform(
    "unmap",
    () => {
      live.container.dma.unmap(iovaOf(range.first), sizeOf(range.pages));
      done.ok = true;
    },
    () => ({
      refusals: unmapRefusals(live, range),
      elseLaw: "I17",
      everyCallDecides: true,
    }),
  );
  if (done.ok) for (const mapping of live.model.meeting(range)) live.model.remove(mapping);
}

function target({ model }: LiveContainer, which: number): Pages {
  return model.mappings[which % Math.max(1, model.mappings.length)] ?? { first: 5, pages: 2 };
}

/** A range that leaves 64 bits is in no window, and a size of 2^64 is no size. */
function wrapping(world: World, live: LiveContainer, range: Pages): void {
  const size = range.pages >= 2 ** 52 ? (1n << 64n) - 4096n : BigInt(range.pages) * 4096n;
  world.perform(
    "unmap beyond 64 bits",
    () => Reflect.apply(live.container.dma.unmap, undefined, [iovaOf(range.first), size]),
    () => {
      const refusals = unmapRefusals(live, { first: range.first, pages: 2 ** 52 });
      return { refusals, elseLaw: "I14" };
    },
  );
}
