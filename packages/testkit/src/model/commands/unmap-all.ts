// Unmaps everything, and is told how many bytes that was.

import { demand } from "../../laws/law.ts";
import { type CommandKind, command } from "../command.ts";
import { lifeRefusals } from "../expect.ts";
import { slot } from "../places.ts";
import type { LiveContainer, World } from "../world.ts";

export const UNMAP_ALL: CommandKind = {
  name: "unmapAll",
  weight: 1,
  arbitrary: slot().map((from) =>
    command(`container ${from} unmaps everything`, (world) => run(world, from)),
  ),
};

function run(world: World, from: number): void {
  const live = world.container(from);
  if (live === undefined) return;
  const due = BigInt(live.model.mappedPages) * 4096n;
  const value = world.perform(
    "unmapAll",
    () => live.container.dma.unmapAll(),
    () => ({ refusals: lifeRefusals(live), elseLaw: "I17", everyCallDecides: true }),
  );
  if (value !== undefined)
    demand("I19", value === due, () => `unmapAll removed ${value} bytes, ${due} were mapped`);
  if (live.model.state === "enabled") forgetWhatIsGone(live);
}

/** Without a call for all, each mapping is removed alone; a failure leaves those after it. */
function forgetWhatIsGone({ container, model }: LiveContainer): void {
  for (const mapping of [...model.mappings]) {
    const kept = container.dma
      .mappings()
      .some(({ iova }) => Number(iova / 4096n) === mapping.first);
    if (!kept) model.remove(mapping);
  }
}
