// Adds groups to a container and takes them out, up to the last, which takes every mapping along.

import fc from "fast-check";
import { REQUESTERS } from "../../laws/isolation.ts";
import { demand } from "../../laws/law.ts";
import { type CommandKind, command } from "../command.ts";
import { lifeRefusals } from "../expect.ts";
import type { Refusal } from "../outcome.ts";
import { slot } from "../places.ts";
import type { LiveContainer, World } from "../world.ts";

const GROUPS: readonly number[] = [2, 3, 4, 2, 3, 4, 77, -1];

export const ATTACH: CommandKind = {
  name: "attach",
  weight: 4,
  arbitrary: fc
    .record({ to: slot(), group: fc.constantFrom(...GROUPS) })
    .map(({ to, group }) =>
      command(`group ${group} joins container ${to}`, (world) => attach(world, to, group)),
    ),
};

export const DETACH: CommandKind = {
  name: "detach",
  weight: 4,
  arbitrary: fc
    .record({ from: slot(), group: fc.constantFrom(...GROUPS) })
    .map(({ from, group }) =>
      command(`group ${group} leaves container ${from}`, (world) => detach(world, from, group)),
    ),
};

function attach(world: World, to: number, group: number): void {
  const live = world.container(to);
  if (live === undefined) return;
  const done = { ok: false };
  world.perform(
    `attach ${group}`,
    () => {
      live.container.control.attach(group);
      done.ok = true;
    },
    () => ({ refusals: joinRefusals(world, live, group), elseLaw: "I16" }),
  );
  if (!done.ok) return;
  live.model.groups.push(group);
  live.model.state = "enabled";
}

function joinRefusals(world: World, { model }: LiveContainer, group: number): readonly Refusal[] {
  if (group < 0 || model.groups.includes(group)) return [{ code: "invalid-argument", law: "I14" }];
  if (model.invalid.size > 0) return [{ code: "wrong-state", law: "I2" }];
  const refusals: Refusal[] = [];
  if (model.groups.length >= (world.machine.groupsPerContainer ?? Number.POSITIVE_INFINITY))
    refusals.push({ code: "not-offered", law: "I2" });
  if (group === 77) refusals.push({ code: "group-not-found", law: "I16", by: "kernel" });
  if (world.model.containerOf(group) !== undefined)
    refusals.push({ code: "group-busy", law: "I6", by: "kernel" });
  return refusals;
}

function detach(world: World, from: number, group: number): void {
  const live = world.container(from);
  if (live === undefined) return;
  const value = world.perform(
    `detach ${group}`,
    () => live.container.control.detach(group),
    () => ({ refusals: leaveRefusals(live, group), elseLaw: "I16" }),
  );
  // It throws when the group is out but a later step failed: the groups themselves tell.
  if (live.container.control.groups.includes(group) || !live.model.groups.includes(group)) return;
  live.model.groups = live.model.groups.filter((each) => each !== group);
  const dropped = live.model.groups.length === 0 ? live.model.drop("opened") : 0;
  if (live.model.groups.length === 0) live.registrations = [];
  if (value !== undefined)
    demand("I18", value.mappingsDropped === dropped, () => {
      return `detach dropped ${value.mappingsDropped} mappings, ${dropped} were due`;
    });
}

function leaveRefusals(live: LiveContainer, group: number): readonly Refusal[] {
  const life = lifeRefusals(live);
  if (life.length > 0) return life;
  if (!live.model.groups.includes(group)) return [{ code: "invalid-argument", law: "I14" }];
  if (live.model.groups.length === 1 && live.model.tracking)
    return [{ code: "wrong-state", law: "I31" }];
  const open = REQUESTERS.some(
    (each) => each.group === group && live.model.devices.has(each.address),
  );
  return open ? [{ code: "group-busy", law: "I16", by: "kernel" }] : [];
}
