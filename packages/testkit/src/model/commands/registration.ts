// Registers host memory, also such that nobody allocated yet, and takes registrations back.

import fc from "fast-check";
import { type CommandKind, command } from "../command.ts";
import { lifeRefusals } from "../expect.ts";
import { meets, type Pages } from "../model.ts";
import type { Refusal } from "../outcome.ts";
import { slot } from "../places.ts";
import type { LiveContainer, World } from "../world.ts";
import { hostOf, sizeOf } from "./map.ts";

interface Request {
  readonly to: number;
  readonly buffer: number;
  readonly offset: number;
  readonly pages: number;
}

export const REGISTER: CommandKind = {
  name: "register",
  weight: 3,
  arbitrary: fc
    .record({
      to: slot(),
      buffer: slot(),
      offset: fc.integer({ min: -12, max: 12 }),
      pages: fc.integer({ min: 0, max: 16 }),
    })
    .map((request) =>
      command(
        `container ${request.to} registers ${request.pages} pages from page ${request.offset} of buffer ${request.buffer}`,
        (world) => register(world, request),
      ),
    ),
};

export const UNREGISTER: CommandKind = {
  name: "unregister",
  weight: 2,
  arbitrary: fc
    .record({ from: slot(), which: fc.nat(3) })
    .map(({ from, which }) =>
      command(`container ${from} closes its registration ${which}`, (world) =>
        unregister(world, from, which),
      ),
    ),
};

function register(world: World, request: Request): void {
  const live = world.container(request.to);
  const buffer = world.memory(request.buffer);
  if (live === undefined || buffer === undefined) return;
  const pages: Pages = { first: buffer.model.first + request.offset, pages: request.pages };
  const value = world.perform(
    "register",
    () => live.container.memory.register(hostOf(pages.first), sizeOf(pages.pages)),
    () => {
      const refusals: Refusal[] = [...lifeRefusals(live)];
      if (refusals.length === 0 && pages.pages === 0)
        refusals.push({ code: "zero-size", law: "I14" });
      if (
        live.model.registrations.some((each) => meets(each, pages)) ||
        isRegisteredOtherwise(world, live, pages)
      )
        refusals.push({ code: "already-mapped", law: "I30" });
      if (world.model.pinning === "registrations" && !isMapped(world, pages))
        refusals.push({ code: "memory-fault", law: "I16", by: "kernel" });
      return { refusals, elseLaw: "I16" };
    },
  );
  if (value === undefined) return;
  live.registrations.push({ registration: value, pages });
  live.model.registrations.push(pages);
}

/** Whether the process has memory at every page: what a kernel that pins it needs. */
function isMapped(world: World, { first, pages }: Pages): boolean {
  for (let page = first; page < first + pages; page++)
    if (world.host.process.memory.areaOf(page) === undefined) return false;
  return true;
}

/** ME5: containers of a process share a range only where they register the same one. */
function isRegisteredOtherwise(world: World, { model }: LiveContainer, pages: Pages): boolean {
  return world.model.containers.some(
    (other) =>
      other !== model &&
      other.registrations.some(
        (each) => meets(each, pages) && (each.first !== pages.first || each.pages !== pages.pages),
      ),
  );
}

function unregister(world: World, from: number, which: number): void {
  const live = world.container(from);
  if (live === undefined || live.model.state !== "enabled") return;
  const chosen = live.registrations[which % Math.max(1, live.registrations.length)];
  if (chosen === undefined) return;
  const { pages, registration } = chosen;
  const done = { ok: false };
  world.perform(
    "unregister",
    () => {
      registration.close();
      done.ok = true;
    },
    () => ({
      refusals: live.model.mappings.some((mapping) =>
        meets({ first: mapping.hostPage, pages: mapping.pages }, pages),
      )
        ? [{ code: "memory-in-use", law: "I8" }]
        : [],
      elseLaw: "I16",
    }),
  );
  if (!done.ok) return;
  live.registrations = live.registrations.filter((each) => each !== chosen);
  live.model.registrations = live.model.registrations.filter((each) => each !== pages);
}
