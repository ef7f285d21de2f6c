// One history: a world, commands one after the other, the laws after each, and everything closed.

import type { IommuBackend } from "@iommukit/core";
import fc from "fast-check";
import { END_LAWS, LEAK_LAWS, STEP_LAWS } from "../laws/index.ts";
import type { SimulatedHost } from "../machines/simulated-host.ts";
import type { Command, CommandKind } from "./command.ts";
import { closeContainer, openContainer } from "./commands/containers.ts";
import { COMMANDS } from "./commands/index.ts";
import { registerWhole } from "./commands/register-whole.ts";
import type { HistoryMachine } from "./machines.ts";
import { World } from "./world.ts";

/** Commands of a history; shrinks by leaving some out and making the others simpler. */
export function historyOf(
  kinds: readonly CommandKind[] = COMMANDS,
  longest = 60,
): fc.Arbitrary<readonly Command[]> {
  const choices = kinds.map(({ weight, arbitrary }) => ({ weight, arbitrary }));
  return fc.array(fc.oneof(...choices), { minLength: 1, maxLength: longest, size: "max" });
}

export interface HistoryRun {
  readonly machine: HistoryMachine;
  readonly backend: () => IommuBackend;
  /** A host that the history before left as it had found it. */
  readonly host?: SimulatedHost | undefined;
}

/** A step at which a law broke, with the history up to it. */
export class HistoryFailed extends Error {
  override readonly name: string = "HistoryFailed";
}

/** Runs a history and answers its world, empty again. Throws `HistoryFailed` with the story. */
export async function runHistory(
  { machine, backend, host }: HistoryRun,
  commands: readonly Command[],
): Promise<World> {
  let at = -1;
  try {
    const world = new World(machine, backend(), host);
    begin(world);
    for (const [index, command] of commands.entries()) {
      at = index;
      await command.run(world);
      for (const law of STEP_LAWS) law(world);
    }
    at = commands.length;
    for (const law of END_LAWS) law(world);
    end(world);
    return world;
  } catch (error) {
    throw new HistoryFailed(story(machine, commands, at, error), { cause: error });
  }
}

/** Every history begins with a buffer and a container, so that short ones reach something. */
function begin(world: World): void {
  world.adopt(world.iommu.allocate(16 * 4096));
  openContainer(world, { groups: [2], accepts: "nothing" });
  if (world.model.pinning === "registrations") registerWhole(world, { to: 0, buffer: 0 });
}

function end(world: World): void {
  // A fault that was armed last must not strike while the history is put away.
  world.watch.begin();
  world.watch.end();
  while (world.containers.length > 0) closeContainer(world, 0);
  for (const live of [...world.memories]) {
    live.memory.close();
    world.release(live);
  }
  for (const law of [...STEP_LAWS, ...LEAK_LAWS]) law(world);
}

function story(
  machine: HistoryMachine,
  commands: readonly Command[],
  at: number,
  error: unknown,
): string {
  const steps = commands.slice(0, at + 1).map((command, index) => `  ${index + 1}. ${command}`);
  const where = at >= commands.length ? "at the end" : `at step ${at + 1}`;
  return [`on ${machine.name}, ${where}: ${String(error)}`, ...steps].join("\n");
}
