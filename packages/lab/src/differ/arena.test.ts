import { simulatedHost, vtd } from "@iommukit/testkit";
import { expect, test } from "vitest";
import { ARENA_BYTES, areaStart, makeArena, PAGE } from "./arena.ts";

test("default: areas lie side by side, as the names say", () => {
  const { port } = simulatedHost(vtd());
  const { address, main, bits } = makeArena(port);
  expect(address % BigInt(PAGE)).toBe(0n);
  expect([main.length, bits.length]).toEqual([32 * PAGE, 2 * PAGE]);
  expect(areaStart("main")).toBe(0);
  expect(areaStart("read")).toBe(32 * PAGE);
  expect(areaStart("guard")).toBe(ARENA_BYTES - 16 * PAGE);
});

test("behavior: where something lies in between, it is tried again", () => {
  const { port } = simulatedHost(vtd());
  const strangers = { left: 3 };
  const { main } = makeArena({
    ...port,
    mapMemory: (request) => {
      if (strangers.left-- > 0) port.mapMemory({ length: PAGE });
      return port.mapMemory(request);
    },
  });
  expect(main.length).toBe(32 * PAGE);
});

test("error: no memory, or none that lies side by side", () => {
  const { port } = simulatedHost(vtd());
  expect(() => makeArena({ ...port, mapMemory: () => -12 })).toThrow("mapMemory: -12");
  const spread = (request: Parameters<typeof port.mapMemory>[0]) => {
    port.mapMemory({ length: PAGE });
    return port.mapMemory(request);
  };
  expect(() => makeArena({ ...port, mapMemory: spread })).toThrow("side by side");
});
