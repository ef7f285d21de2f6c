// Windows that are created and removed, over a session that says yes or no.

import { describe, expect, test } from "vitest";
import { PAGE, scriptedEngine, scriptedSession, WINDOW } from "../../test/scripted-engine.ts";
import { bytes, hostAddress, iova } from "../address/address.ts";
import type { BackendSession } from "../contract/backend.ts";
import type { DmaWindow, WindowRequest } from "../contract/dma-window.ts";

const HIGH: DmaWindow = {
  kind: "dynamic",
  start: iova(1n << 59n),
  last: iova((1n << 59n) + 0xffff_ffffn),
  pageSize: PAGE,
  hardwarePageSizes: 4096n,
};
const GOOD: WindowRequest = { pageSize: PAGE, size: bytes(1n << 32n) };

function dynamic(more: Partial<BackendSession> = {}): {
  engine: ReturnType<typeof scriptedEngine>;
  asked: WindowRequest[];
  removed: DmaWindow[];
} {
  const asked: WindowRequest[] = [];
  const removed: DmaWindow[] = [];
  const session = scriptedSession({
    createWindow: (request) => {
      asked.push(request);
      return HIGH;
    },
    removeWindow: (window) => {
      removed.push(window);
    },
    ...more,
  });
  return { engine: scriptedEngine(session), asked, removed };
}

function code(wanted: string): unknown {
  return expect.objectContaining({ code: wanted });
}

describe("create", () => {
  test("default: the window is in the list, by its start", () => {
    const { engine, asked } = dynamic();
    expect(engine.windows.create(GOOD)).toBe(HIGH);
    expect(engine.windows.list()).toEqual([WINDOW, HIGH]);
    expect(asked).toEqual([GOOD]);
    engine.dma.map(HIGH.start, hostAddress(0x7f00_0000_0000n), bytes(PAGE), "read");
  });

  test("a lower window comes first", () => {
    const { engine } = dynamic({ readWindows: () => [HIGH], createWindow: () => WINDOW });
    engine.windows.create(GOOD);
    expect(engine.windows.list()).toEqual([WINDOW, HIGH]);
  });

  test.each<[string, string, object | undefined]>([
    ["nothing", "invalid-argument", undefined],
    ["a text", "invalid-argument", Object("4096")],
    ["a stranger", "invalid-argument", { ...GOOD, shift: 12 }],
    ["no page", "invalid-argument", { ...GOOD, pageSize: undefined }],
    ["a page of 2 KiB", "invalid-argument", { ...GOOD, pageSize: 2048 }],
    ["a page of 12 KiB", "invalid-argument", { ...GOOD, pageSize: 12_288 }],
    ["a page as bigint", "invalid-argument", { ...GOOD, pageSize: 4096n }],
    ["a size that is a number", "invalid-address", { ...GOOD, size: 4096 }],
    ["no size", "zero-size", { ...GOOD, size: 0n }],
    ["a start of 65 bits", "invalid-address", { ...GOOD, start: 1n << 64n }],
    ["half a level", "invalid-argument", { ...GOOD, levels: 0.5 }],
  ])("error: %s is %s, and the session is not asked", (_, wanted, request) => {
    const { engine, asked } = dynamic();
    const create = (): unknown => Reflect.apply(engine.windows.create, undefined, [request]);
    expect(create).toThrow(code(wanted));
    expect([asked, engine.windows.list()]).toEqual([[], [WINDOW]]);
  });

  test("error: what the session refuses changes nothing", () => {
    const { engine } = dynamic({
      createWindow: () => {
        throw new Error("refused");
      },
    });
    expect(() => engine.windows.create(GOOD)).toThrow("refused");
    expect(engine.windows.list()).toEqual([WINDOW]);
  });

  test("rule DW13: fixed windows are not offered, with the reason", () => {
    const capabilities = {
      isolation: { offered: true },
      "interrupt-isolation": { offered: true },
      "dynamic-windows": { offered: false, reason: "there is one and no other" },
    } as const;
    const engine = scriptedEngine(scriptedSession({ capabilities }));
    expect(() => engine.windows.create(GOOD)).toThrow(/there is one and no other/);
    expect(() => engine.windows.remove(WINDOW)).toThrow(code("not-offered"));
  });
});

describe("rule DW13: a hole in a window", () => {
  const hole = { iova: iova(HIGH.start + 0x1000n), size: bytes(PAGE), what: "the doorbell" };
  const holed: DmaWindow = { ...HIGH, holes: [hole] };
  const host = hostAddress(0x7f00_0000_0000n);

  test("takes no mapping, and placement goes around it", () => {
    const { engine } = dynamic({ readWindows: () => [], createWindow: () => holed });
    engine.windows.create(GOOD);
    const map = (): void => engine.dma.map(hole.iova, host, bytes(PAGE), "read");
    expect(map).toThrow(code("already-mapped"));
    expect(map).toThrow(/the doorbell/);
    const places = [1, 2].map(() => engine.dma.mapAnywhere(host, bytes(PAGE), "read"));
    expect(places).toEqual([HIGH.start, iova(HIGH.start + 0x2000n)]);
  });

  test("goes with its window, and stays when that is not removed", () => {
    let refuses = true;
    const { engine } = dynamic({
      readWindows: () => [],
      createWindow: () => holed,
      removeWindow: () => {
        if (refuses) throw new Error("refused");
      },
    });
    engine.windows.create(GOOD);
    expect(() => engine.windows.remove(holed)).toThrow("refused");
    const map = (): void => engine.dma.map(hole.iova, host, bytes(PAGE), "read");
    expect(map).toThrow(code("already-mapped"));
    refuses = false;
    engine.windows.remove(holed);
    engine.windows.create(GOOD);
    expect(map).toThrow(code("already-mapped"));
  });
});

describe("remove", () => {
  test("default: the window is not in the list any more, and takes no mapping", () => {
    const { engine, removed } = dynamic();
    engine.windows.remove(WINDOW);
    expect([engine.windows.list(), removed]).toEqual([[], [WINDOW]]);
    const host = hostAddress(0x7f00_0000_0000n);
    expect(() => engine.dma.map(iova(0), host, bytes(PAGE), "read")).toThrow(
      code("outside-window"),
    );
  });

  test("a copy of what was listed will do, and the listed one is handed on", () => {
    const { engine, removed } = dynamic();
    engine.windows.remove({ ...WINDOW });
    expect(removed[0]).toBe(WINDOW);
  });

  test.each<[string, unknown]>([
    ["another start", { ...WINDOW, start: iova(PAGE) }],
    ["another end", { ...WINDOW, last: iova(0xffff_efffn) }],
    ["another page", { ...WINDOW, pageSize: 65_536 }],
    ["nothing", undefined],
    ["a number", 0],
  ])("error: %s is no window of the container", (_, window) => {
    const { engine, removed } = dynamic();
    const remove = (): unknown => Reflect.apply(engine.windows.remove, undefined, [window]);
    expect(remove).toThrow(code("invalid-argument"));
    expect([removed, engine.windows.list()]).toEqual([[], [WINDOW]]);
  });

  test("error: a window in use, also by a map that is on its way", async () => {
    const { engine, removed } = dynamic();
    const host = hostAddress(0x7f00_0000_0000n);
    const mapping = engine.dma.mapInChunks(iova(0), host, bytes(PAGE), "read");
    expect(() => engine.windows.remove(WINDOW)).toThrow(code("memory-in-use"));
    await mapping;
    expect(() => engine.windows.remove(WINDOW)).toThrow(/1 mappings/);
    expect(removed).toEqual([]);
  });
});
