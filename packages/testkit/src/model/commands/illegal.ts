// Calls with values that are no addresses, and calls after the end: refused, and never made.

import type { Container } from "@iommukit/core";
import fc from "fast-check";
import { NOT_ADDRESSES } from "../../arbitraries/edges.ts";
import { type CommandKind, command } from "../command.ts";
import { lifeRefusals } from "../expect.ts";
import { slot } from "../places.ts";
import type { World } from "../world.ts";

const METHODS = ["map", "unmap", "mapAnywhere", "lookup"] as const;
type Method = (typeof METHODS)[number];
const GOOD: Readonly<Record<Method, readonly unknown[]>> = {
  map: [0n, 4096n, 4096n, "read-write"],
  unmap: [0n, 4096n],
  mapAnywhere: [4096n, 4096n, "read-write"],
  lookup: [0n],
};
const NUMBERS: Readonly<Record<Method, number>> = { map: 3, unmap: 2, mapAnywhere: 2, lookup: 1 };

export const NO_ADDRESS: CommandKind = {
  name: "no address",
  weight: 2,
  arbitrary: fc
    .record({
      of: slot(),
      method: fc.constantFrom(...METHODS),
      at: fc.nat(2),
      value: fc.constantFrom(...NOT_ADDRESSES),
    })
    .map(({ of, method, at, value }) =>
      command(
        `container ${of}: ${method} with ${typeof value} ${String(value)} as argument ${at % NUMBERS[method]}`,
        (world) => pass(world, of, method, [at % NUMBERS[method], value]),
      ),
    ),
};

function pass(world: World, of: number, method: Method, [at, value]: [number, unknown]): void {
  const live = world.container(of);
  if (live === undefined) return;
  const args = GOOD[method].map((good, index) => (index === at ? value : good));
  world.perform(
    `${method}(${args.map(String).join(", ")})`,
    () => Reflect.apply(live.container.dma[method], undefined, args),
    () => {
      const life = lifeRefusals(live);
      return {
        refusals: life.length > 0 ? life : [{ code: "invalid-address", law: "I14" }],
        elseLaw: "I14",
      };
    },
  );
}

export const AFTER_CLOSE: CommandKind = {
  name: "after close",
  weight: 1,
  arbitrary: fc
    .nat(12)
    .map((which) =>
      command(`method ${which} is called on a closed container`, (world) => late(world, which)),
    ),
};

const LATE: readonly ((container: Container) => unknown)[] = [
  ({ dma }) => Reflect.apply(dma.map, undefined, GOOD.map),
  ({ dma }) => Reflect.apply(dma.unmap, undefined, GOOD.unmap),
  ({ dma }) => Reflect.apply(dma.mapAnywhere, undefined, GOOD.mapAnywhere),
  ({ dma }) => Reflect.apply(dma.lookup, undefined, GOOD.lookup),
  ({ dma }) =>
    Reflect.apply(dma.mapSegments, undefined, [0n, [{ host: 4096n, size: 4096n }], "read"]),
  ({ dma }) => dma.unmapAll(),
  ({ dma }) => dma.mappings(),
  ({ memory }) => Reflect.apply(memory.register, undefined, [4096n, 4096n]),
  ({ control }) => control.attach(2),
  ({ control }) => control.detach(2),
  ({ windows }) => windows.list(),
  (container) => container.openDevice("0000:00:02.0"),
  (container) => container.readMappingsAvailable(),
];

function late(world: World, which: number): void {
  const closed = world.closed?.container;
  const method = LATE[which % LATE.length];
  if (closed === undefined || method === undefined) return;
  world.perform(
    `late call ${which}`,
    () => method(closed),
    () => ({ refusals: [{ code: "closed", law: "I26" }], elseLaw: "I26" }),
  );
  world.perform(
    "second close",
    () => closed.close(),
    ({ calls }) => ({
      refusals: calls === 0 ? [] : [{ code: "closed", law: "I26" }],
      elseLaw: "I26",
    }),
  );
}
