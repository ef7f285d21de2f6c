// Registers a buffer from end to end: where memory is registered before it is mapped, most maps need it.

import fc from "fast-check";
import { type CommandKind, command } from "../command.ts";
import { lifeRefusals } from "../expect.ts";
import { meets } from "../model.ts";
import type { Refusal } from "../outcome.ts";
import { slot } from "../places.ts";
import type { World } from "../world.ts";

interface Request {
  readonly to: number;
  readonly buffer: number;
}

export const REGISTER_WHOLE: CommandKind = {
  name: "register whole",
  weight: 8,
  arbitrary: fc
    .record({ to: slot(), buffer: slot() })
    .map((request) =>
      command(`container ${request.to} registers the whole of buffer ${request.buffer}`, (world) =>
        registerWhole(world, request),
      ),
    ),
};

export function registerWhole(world: World, { to, buffer }: Request): void {
  const live = world.container(to);
  const found = world.memory(buffer);
  if (live === undefined || found === undefined) return;
  const { address, size } = found.memory;
  const { first, pages } = found.model;
  const value = world.perform(
    "register",
    () => live.container.memory.register(address, size),
    () => {
      const refusals: Refusal[] = [...lifeRefusals(live)];
      const others = world.model.containers.filter((each) => each !== live.model);
      const differs = others.some(({ registrations }) =>
        registrations.some(
          (each) => meets(each, { first, pages }) && (each.first !== first || each.pages !== pages),
        ),
      );
      if (differs || live.model.registrations.some((each) => meets(each, { first, pages })))
        refusals.push({ code: "already-mapped", law: "I30" });
      return { refusals, elseLaw: "I16" };
    },
  );
  if (value === undefined) return;
  const range = { first, pages };
  live.registrations.push({ registration: value, pages: range });
  live.model.registrations.push(range);
}
