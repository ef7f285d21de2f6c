// Host addresses of live mappings become invalid and are given anew, while devices go on (rule LU1).
//
// The new address names other memory than the old one, which the kernel does not notice: so that the
// probes after each step see whether devices still reach the pages that were pinned at first.

import type { AddressSupply } from "@iommukit/core";
import fc from "fast-check";
import { type Relation, relatedTo } from "../../arbitraries/ranges.ts";
import { demand } from "../../laws/law.ts";
import { type CommandKind, command } from "../command.ts";
import { lifeRefusals, unmapRefusals } from "../expect.ts";
import type { ModelMapping, Pages } from "../model.ts";
import type { Refusal } from "../outcome.ts";
import { slot } from "../places.ts";
import type { LiveContainer, World } from "../world.ts";
import { hostOf, iovaOf, sizeOf } from "./map.ts";

const RELATIONS: readonly Relation[] = ["equal", "equal", "contains", "nested", "apart", "empty"];

interface Invalidation {
  readonly of: number;
  readonly which: number;
  readonly relation: Relation | "everything";
}

export const INVALIDATE: CommandKind = {
  name: "invalidate",
  weight: 3,
  arbitrary: fc
    .record({
      of: slot(),
      which: fc.nat(15),
      relation: fc.constantFrom(...RELATIONS, "everything" as const),
    })
    .map((request) =>
      command(
        request.relation === "everything"
          ? `container ${request.of} declares every host address invalid`
          : `container ${request.of} declares host addresses ${request.relation} to its mapping ${request.which} invalid`,
        (world) => invalidate(world, request),
      ),
    ),
};

/** What is named: all that is invalid, one of it, the same twice, a part of one, or one that is valid. */
const NAMED = ["all", "all", "one", "twice", "part", "valid"] as const;

interface Supply {
  readonly of: number;
  readonly buffer: number;
  readonly page: number;
  readonly which: number;
  readonly named: (typeof NAMED)[number];
}

export const SUPPLY: CommandKind = {
  name: "supply",
  weight: 4,
  arbitrary: fc
    .record({
      of: slot(),
      buffer: slot(),
      page: fc.nat(8),
      which: fc.nat(15),
      named: fc.constantFrom(...NAMED),
    })
    .map((request) =>
      command(
        `container ${request.of} gives ${request.named} of its invalid mappings addresses from page ${request.page} of buffer ${request.buffer}`,
        (world) => supply(world, request),
      ),
    ),
};

const ALREADY: Refusal = { code: "wrong-state", law: "I18" };

/** A kernel that failed when it was asked for the capability has it not: nothing can be said of it. */
function updating(world: World, of: number): LiveContainer | undefined {
  const live = world.container(of);
  return live?.container.capabilities["update-vaddr"]?.offered === true ? live : undefined;
}

function invalidate(world: World, request: Invalidation): void {
  const live = updating(world, request.of);
  if (live === undefined) return;
  const { model } = live;
  const range = request.relation === "everything" ? undefined : rangeOf(live, request);
  const named = range === undefined ? model.mappings : model.meeting(range);
  const { addresses } = live.container;
  const done = { bytes: -1n };
  world.perform(
    "invalidate",
    () => {
      if (range === undefined) done.bytes = addresses.invalidateAll();
      else {
        addresses.invalidate(iovaOf(range.first), sizeOf(range.pages));
        done.bytes = bytesOf(named);
      }
    },
    () => ({
      refusals: [
        ...(range === undefined ? lifeRefusals(live) : unmapRefusals(live, range)),
        ...(named.some((each) => model.invalid.has(each)) ? [ALREADY] : []),
      ],
      elseLaw: "I17",
      everyCallDecides: true,
    }),
  );
  if (done.bytes < 0n) return;
  demand("I19", done.bytes === bytesOf(named), () => {
    return `${done.bytes} bytes are said to be invalid, ${bytesOf(named)} are`;
  });
  for (const mapping of named) model.invalid.add(mapping);
}

function rangeOf({ model }: LiveContainer, request: Invalidation): Pages {
  const mapping = model.mappings[request.which % Math.max(1, model.mappings.length)];
  const relation = request.relation === "everything" ? "equal" : request.relation;
  return relatedTo(mapping ?? { first: 5, pages: 2 }, relation);
}

function bytesOf(mappings: readonly ModelMapping[]): bigint {
  return mappings.reduce((sum, { pages }) => sum + BigInt(pages) * 4096n, 0n);
}

/** A mapping, the pages of it that are named, and the page of host memory that they get. */
interface Step {
  readonly mapping: ModelMapping;
  readonly pages: number;
  readonly hostPage: number;
}

function supply(world: World, request: Supply): void {
  const live = updating(world, request.of);
  const buffer = world.memory(request.buffer);
  if (live === undefined || buffer === undefined) return;
  const steps = stepsOf(live, request, buffer.model.first + request.page);
  if (steps.some(({ hostPage, pages }) => world.isForeign({ first: hostPage, pages }))) return;
  const done = { ok: false };
  world.perform(
    "supply",
    () => {
      live.container.addresses.supply(steps.map(toSupply));
      done.ok = true;
    },
    () => ({
      refusals: supplyRefusals(live, steps),
      elseLaw: "I16",
      everyCallDecides: true,
    }),
  );
  if (done.ok) for (const { mapping, hostPage } of steps) live.model.supply(mapping, hostPage);
}

function stepsOf({ model }: LiveContainer, request: Supply, firstPage: number): readonly Step[] {
  const invalid = [...model.invalid];
  const valid = model.mappings.filter((each) => !model.invalid.has(each));
  const from = request.named === "valid" ? valid : invalid;
  const chosen = from[request.which % Math.max(1, from.length)];
  let hostPage = firstPage;
  const named = request.named === "all" ? invalid : [chosen, chosen].slice(0, countOf(request));
  return named.flatMap((mapping) => {
    if (mapping === undefined) return [];
    const pages = request.named === "part" ? mapping.pages - 1 : mapping.pages;
    const step = { mapping, pages, hostPage };
    hostPage += mapping.pages;
    return [step];
  });
}

function countOf({ named }: Supply): number {
  return named === "twice" ? 2 : 1;
}

function toSupply({ mapping, pages, hostPage }: Step): AddressSupply {
  return { iova: iovaOf(mapping.first), size: sizeOf(pages), host: hostOf(hostPage) };
}

function supplyRefusals(live: LiveContainer, steps: readonly Step[]): readonly Refusal[] {
  const life = lifeRefusals(live);
  if (life.length > 0) return life;
  const refusals: Refusal[] = [];
  if (new Set(steps.map(({ mapping }) => mapping)).size < steps.length)
    refusals.push({ code: "invalid-argument", law: "I14" });
  for (const { mapping, pages } of steps) {
    if (pages === 0) refusals.push({ code: "zero-size", law: "I14" });
    else if (pages < mapping.pages) refusals.push({ code: "splits-mapping", law: "I17" });
    if (!live.model.invalid.has(mapping)) refusals.push(ALREADY);
  }
  return refusals;
}
