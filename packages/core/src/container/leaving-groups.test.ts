// Groups that leave others behind, and kernels that take one group only.

import { describe, expect, test } from "vitest";
import { PAGE, scriptedEngine, scriptedSession } from "../../test/scripted-engine.ts";
import { bytes, hostAddress, iova } from "../address/address.ts";
import type { BackendSession } from "../contract/backend.ts";
import type { ContainerEngine } from "./engine.ts";

const HOST = hostAddress(0x7f00_0000_0000n);
const SIZE = bytes(PAGE);

function twoGroups(session: Partial<BackendSession>): {
  engine: ContainerEngine;
  mapped: string[];
} {
  const mapped: string[] = [];
  const engine = scriptedEngine(
    scriptedSession({
      map: (at, host, size, access) => void mapped.push(`${at} ${host} ${size} ${access}`),
      ...session,
    }),
  );
  engine.groups.push({ id: 3, fd: 13 });
  engine.dma.map(iova(0), HOST, SIZE, "read");
  engine.dma.map(iova(2 * PAGE), HOST, SIZE, "read-write");
  return { engine, mapped };
}

describe("rule CL5: a group leaves and another stays", () => {
  test("where the kernel keeps the mappings, nothing is mapped again", () => {
    const { engine, mapped } = twoGroups({});
    expect(engine.control.detach(3)).toEqual({ mappingsDropped: 0 });
    expect(mapped).toHaveLength(2);
  });

  test("where the kernel wipes them, each is mapped again as it was", () => {
    const { engine, mapped } = twoGroups({ wipedByDetach: true });
    expect(engine.control.detach(3)).toEqual({ mappingsDropped: 0 });
    expect(mapped.slice(2)).toEqual(mapped.slice(0, 2));
    expect(engine.dma.mappings()).toHaveLength(2);
  });

  test("what cannot be mapped again is dropped, and told", () => {
    let calls = 0;
    const map = (): void => {
      if (++calls === 3) throw new Error("no memory");
    };
    const { engine } = twoGroups({ wipedByDetach: true, map });
    expect(engine.control.detach(3)).toEqual({ mappingsDropped: 1 });
    expect(engine.dma.mappings().map(({ iova: at }) => at)).toEqual([iova(2 * PAGE)]);
  });

  test("not while a chunk is on its way", async () => {
    const { engine } = twoGroups({ wipedByDetach: true });
    const mapping = engine.dma.mapInChunks(iova(8 * PAGE), HOST, SIZE, "read");
    const detach = (): unknown => engine.control.detach(3);
    expect(detach).toThrow(expect.objectContaining({ code: "wrong-state" }));
    await mapping;
    expect(engine.control.detach(3)).toEqual({ mappingsDropped: 0 });
  });
});

test("a kernel that takes one group: a second is refused before any call, with the reason", () => {
  let calls = 0;
  const engine = scriptedEngine(scriptedSession({ oneGroup: "the tables are its own" }), {
    open: () => {
      calls++;
      return 14;
    },
  });
  expect(() => engine.control.attach(3)).toThrow(
    expect.objectContaining({
      code: "not-offered",
      message: expect.stringContaining("the tables are its own"),
    }),
  );
  expect([calls, engine.control.groups]).toEqual([0, [2]]);
});
