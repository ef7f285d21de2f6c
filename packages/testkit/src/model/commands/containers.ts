// Opens containers and closes them: in order, once, and with everything that was in them.

import fc from "fast-check";
import { closedInOrder } from "../../laws/life.ts";
import { type CommandKind, command } from "../command.ts";
import { ModelContainer, type ModelMemory } from "../model.ts";
import type { Refusal } from "../outcome.ts";
import { slot } from "../places.ts";
import type { World } from "../world.ts";

const MOST_CONTAINERS = 2;
const CHOICES: readonly (readonly number[])[] = [[2], [3], [2, 3], [4, 2], [4], [3, 3], []];

interface Request {
  readonly groups: readonly number[];
  readonly accepts: "readable-writes" | "nothing";
}

export const OPEN: CommandKind = {
  name: "open",
  weight: 3,
  arbitrary: fc
    .record({
      groups: fc.constantFrom(...CHOICES),
      accepts: fc.constantFrom("nothing" as const, "readable-writes" as const),
    })
    .map((request) =>
      command(
        `a container opens with groups ${request.groups.join(", ")}${request.accepts === "nothing" ? "" : ", accepting readable writes"}`,
        (world) => openContainer(world, request),
      ),
    ),
};

export const CLOSE: CommandKind = {
  name: "close",
  weight: 1,
  arbitrary: slot().map((which) =>
    command(`container ${which} is closed`, (world) => closeContainer(world, which)),
  ),
};

export function openContainer(world: World, { groups, accepts }: Request): void {
  if (world.containers.length >= MOST_CONTAINERS) return;
  const container = world.perform(
    "openContainer",
    () =>
      world.iommu.openContainer({
        groups,
        backends: [world.backend],
        accept: accepts === "nothing" ? [] : ["write-implies-read"],
      }),
    () => ({ refusals: openRefusals(world, groups), elseLaw: "I16" }),
  );
  if (container === undefined) return;
  const { windows, mappingLimit } = world.machine;
  const memoryAt = (page: number): ModelMemory | undefined => world.model.memoryAt(page);
  const model = new ModelContainer(windows, mappingLimit, groups, accepts, memoryAt);
  world.model.containers.push(model);
  world.containers.push({ container, model, devices: new Map(), registrations: [] });
}

function openRefusals(world: World, groups: readonly number[]): readonly Refusal[] {
  if (groups.length === 0 || new Set(groups).size < groups.length)
    return [{ code: "invalid-argument", law: "I14" }];
  if (groups.some((group) => world.model.containerOf(group) !== undefined))
    return [{ code: "group-busy", law: "I6", by: "kernel" }];
  if (groups.length > (world.machine.groupsPerContainer ?? groups.length))
    return [{ code: "no-backend", law: "I2", by: "kernel" }];
  return [];
}

export function closeContainer(world: World, which: number): void {
  const live = world.container(which);
  if (live === undefined) return;
  world.perform(
    "close",
    () => live.container.close(),
    ({ fired }) => {
      if (fired === undefined) closedInOrder(world.watch.closing);
      return { refusals: [], elseLaw: "I24" };
    },
  );
  live.model.drop("closed");
  live.model.devices.clear();
  world.retire(live);
}
