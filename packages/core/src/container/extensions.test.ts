// Extensions: controls of one family, and the ranges they take out of a window.

import { describe, expect, test } from "vitest";
import { PAGE, scriptedEngine, scriptedSession, WINDOW } from "../../test/scripted-engine.ts";
import { bytes, hostAddress, iova, iovaPlus } from "../address/address.ts";
import type { ExtensionContext, ExtensionKey } from "../contract/extension.ts";
import { extensionKey } from "./extensions.ts";

interface Lever {
  pull(): string;
}

const LEVER: ExtensionKey<Lever> = extensionKey("LEVER");
const HOST = hostAddress(0x7f00_0000_0000n);
const SIZE = bytes(PAGE);

function levered(): { engine: ReturnType<typeof scriptedEngine>; contexts: ExtensionContext[] } {
  const contexts: ExtensionContext[] = [];
  const session = scriptedSession({
    extensions: (context: ExtensionContext) => {
      contexts.push(context);
      const lever: Lever = {
        pull: () => {
          context.assertUsable("pull");
          return "pulled";
        },
      };
      return new Map([[LEVER, lever]]);
    },
  });
  return { engine: scriptedEngine(session), contexts };
}

function code(wanted: string, facts?: object): unknown {
  return expect.objectContaining(facts === undefined ? { code: wanted } : { code: wanted, facts });
}

describe("a control under its key", () => {
  test("is made once and answers", () => {
    const { engine, contexts } = levered();
    expect(engine.extension(LEVER).pull()).toBe("pulled");
    expect(engine.extension(LEVER)).toBe(engine.extension(LEVER));
    expect(contexts).toHaveLength(1);
  });

  test("is not offered under another key of the same name, nor by a session without any", () => {
    const { engine } = levered();
    const other = extensionKey<Lever>("LEVER");
    expect(() => engine.extension(other)).toThrow(code("not-offered", { extension: "LEVER" }));
    expect(() => scriptedEngine(scriptedSession()).extension(LEVER)).toThrow(code("not-offered"));
  });

  test("is refused after close, asked for anew or held since", () => {
    const { engine } = levered();
    const held = engine.extension(LEVER);
    engine.close();
    expect(() => held.pull()).toThrow(code("closed"));
    expect(() => engine.extension(LEVER)).toThrow(code("closed"));
  });

  test("does not outlive its session", () => {
    const { engine } = levered();
    const held = engine.extension(LEVER);
    engine.drop();
    expect(() => held.pull()).toThrow(code("wrong-state"));
    engine.renew(scriptedSession());
    expect(() => held.pull()).toThrow(code("wrong-state"));
    expect(() => engine.extension(LEVER)).toThrow(code("not-offered"));
  });
});

describe("a reserved range", () => {
  function reserving(): { engine: ReturnType<typeof scriptedEngine>; context: ExtensionContext } {
    const { engine, contexts } = levered();
    engine.extension(LEVER);
    const [context] = contexts;
    if (context === undefined) throw new Error("no context was made");
    return { engine, context };
  }
  const second = iovaPlus(WINDOW.start, BigInt(PAGE));

  test("takes no mapping until it is released, and says what is there", () => {
    const { engine, context } = reserving();
    context.reserve(second, SIZE, "the window of MSI bank 1");
    expect(() => engine.dma.map(WINDOW.start, HOST, bytes(2 * PAGE), "read")).toThrow(
      code("already-mapped", {
        iova: WINDOW.start,
        size: bytes(2 * PAGE),
        reserved: "the window of MSI bank 1",
      }),
    );
    engine.dma.map(WINDOW.start, HOST, SIZE, "read");
    context.release(second);
    engine.dma.map(second, HOST, SIZE, "read");
    expect(context.mappings()).toHaveLength(2);
  });

  test("is stepped over by placement, also where several follow each other", () => {
    const { engine, context } = reserving();
    const third = iovaPlus(second, BigInt(PAGE));
    context.reserve(third, SIZE, "bank 2");
    context.reserve(second, SIZE, "bank 1");
    expect(engine.dma.mapAnywhere(HOST, SIZE, "read")).toBe(WINDOW.start);
    expect(engine.dma.mapAnywhere(HOST, SIZE, "read")).toBe(iovaPlus(third, BigInt(PAGE)));
  });

  test("leaves no room where it fills the window", () => {
    const { engine, context } = reserving();
    context.reserve(WINDOW.start, bytes(WINDOW.last - WINDOW.start + 1n), "all of it");
    expect(() => engine.dma.mapAnywhere(HOST, SIZE, "read")).toThrow(code("no-iova-space"));
  });

  test("is refused over a mapping, over another, outside a window, unaligned and empty", () => {
    const { engine, context } = reserving();
    engine.dma.map(second, HOST, SIZE, "read");
    context.reserve(WINDOW.start, SIZE, "bank 1");
    expect(() => context.reserve(second, SIZE, "bank 2")).toThrow(code("already-mapped"));
    expect(() => context.reserve(WINDOW.start, SIZE, "bank 2")).toThrow(code("already-mapped"));
    expect(() => context.reserve(iova(WINDOW.last + 1n), SIZE, "x")).toThrow(
      code("outside-window"),
    );
    expect(() => context.reserve(iova(WINDOW.start + 1n), SIZE, "x")).toThrow(code("misaligned"));
    expect(() => context.reserve(second, bytes(0), "x")).toThrow(code("zero-size"));
    engine.dma.unmap(second, SIZE);
    context.reserve(second, SIZE, "bank 2");
  });

  test("keeps its window from being removed", () => {
    const { contexts, session } = removable();
    const engine = scriptedEngine(session);
    engine.extension(LEVER);
    contexts[0]?.reserve(WINDOW.start, SIZE, "bank 1");
    expect(() => engine.windows.remove(WINDOW)).toThrow(
      code("memory-in-use", { start: WINDOW.start, reserved: "bank 1" }),
    );
    contexts[0]?.release(WINDOW.start);
    engine.windows.remove(WINDOW);
    expect(engine.windows.list()).toEqual([]);
  });

  function removable(): {
    contexts: ExtensionContext[];
    session: ReturnType<typeof scriptedSession>;
  } {
    const contexts: ExtensionContext[] = [];
    let windows = [WINDOW];
    const session = scriptedSession({
      readWindows: () => windows,
      removeWindow: () => {
        windows = [];
      },
      extensions: (context: ExtensionContext) => {
        contexts.push(context);
        return new Map([[LEVER, {}]]);
      },
    });
    return { contexts, session };
  }
});
