import { powernv64k, pseries, simulatedHost, vtd } from "@iommukit/testkit";
import { expect, test } from "vitest";
import { ARENA_BYTES, areaStart, makeArena, PAGE, renewed } from "./arena.ts";

test("default: areas lie side by side, as the names say", () => {
  const { port } = simulatedHost(vtd());
  const { address, main, bits } = makeArena(port);
  expect(address % BigInt(PAGE)).toBe(0n);
  expect([main.length, bits.length]).toEqual([32 * PAGE, 2 * PAGE]);
  expect(areaStart("main")).toBe(0);
  expect(areaStart("read")).toBe(32 * PAGE);
  expect(areaStart("guard")).toBe(ARENA_BYTES - 16 * PAGE);
});

test("behavior: areas have the machine's pages, huge ones beside them", () => {
  const power = makeArena(simulatedHost(powernv64k()).port);
  expect(power.main.length).toBe(24 * 65_536);
  expect(areaStart("read", 65_536)).toBe(24 * 65_536);
  expect(power.hugeAddress).toBe(0n);
  const lpar = makeArena(simulatedHost(pseries()).port, 0x20_0000);
  expect(lpar.hugeAddress % 0x20_0000n).toBe(0n);
  expect(lpar.hugeAddress).not.toBe(0n);
});

test("behavior: on POWER every arena lies at the same place of 2 MiB", () => {
  for (const machine of [powernv64k(), pseries()]) {
    const { port } = simulatedHost(machine);
    for (let made = 0; made < 3; made++)
      expect(makeArena(port).address % 0x20_0000n).toBe(0x1_0000n);
  }
});

test("behavior: what was spent is made anew, and only that", () => {
  const { port } = simulatedHost(pseries());
  const arena = makeArena(port, 0x20_0000);
  expect(renewed(port, arena, { arena: false, huge: false }, 0x20_0000)).toEqual(arena);
  const other = renewed(port, arena, { arena: true, huge: false }, 0x20_0000);
  expect(other.address).not.toBe(arena.address);
  expect(other.hugeAddress).toBe(arena.hugeAddress);
  const huge = renewed(port, arena, { arena: false, huge: true }, 0x20_0000);
  expect(huge.address).toBe(arena.address);
  expect(huge.hugeAddress).not.toBe(arena.hugeAddress);
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
