// What the engine calls of a session besides maps: when it closes, and what a backend is told of consent.

import { describe, expect, test } from "vitest";
import { PAGE, scriptedEngine, scriptedSession } from "../../test/scripted-engine.ts";
import { bytes, hostAddress, iova } from "../address/address.ts";
import type { ExtensionContext } from "../contract/extension.ts";
import { IommuError } from "../errors/base.ts";
import { extensionKey } from "./extensions.ts";

const HOST = hostAddress(0x7f00_0000_0000n);
const SIZE = bytes(PAGE);

describe("rule CL1: what only this backend has", () => {
  test("is undone after the mappings and before the groups, once", () => {
    const order: string[] = [];
    const session = scriptedSession({
      unmap: () => order.push("unmap"),
      close: () => order.push("session"),
    });
    const engine = scriptedEngine(session, {
      ioctl: () => {
        order.push("group leaves");
        return 0;
      },
      close: () => order.push("close") - order.length,
    });
    engine.dma.map(iova(0), HOST, SIZE, "read");
    engine.close();
    engine.close();
    expect(order).toEqual(["unmap", "session", "group leaves", "close", "close"]);
  });

  test("that cannot be undone is told, and the rest is closed all the same", () => {
    const closed: number[] = [];
    const session = scriptedSession({
      close: () => {
        throw new IommuError({ code: "kernel-refused", operation: "x", sentence: "stuck" });
      },
    });
    const engine = scriptedEngine(session, { close: (fd) => closed.push(fd) - closed.length });
    expect(() => engine.close()).toThrow(
      expect.objectContaining({
        code: "close-failed",
        message: expect.stringContaining("stuck"),
      }),
    );
    expect(closed).toEqual([12, 3]);
  });
});

describe("rule EX5: a mapping that a control made for itself and could not remove", () => {
  const CONTEXT = extensionKey<ExtensionContext>("CONTEXT");

  test("is in the ledger: its memory is in use, and unmap and close remove it", () => {
    const unmapped: bigint[] = [];
    const engine = scriptedEngine(
      scriptedSession({
        unmap: (at) => unmapped.push(at),
        extensions: (context) => new Map([[CONTEXT, context]]),
      }),
    );
    const context = engine.extension(CONTEXT);
    engine.dma.map(iova(0), HOST, SIZE, "read");
    expect(context.findFree(SIZE)).toBe(iova(PAGE));
    context.adopt({ iova: iova(PAGE), host: HOST, size: SIZE, access: "read" });
    expect(context.findFree(SIZE)).toBe(iova(2 * PAGE));
    expect(engine.dma.mappings()).toHaveLength(2);
    engine.dma.unmap(iova(PAGE), SIZE);
    engine.close();
    expect(unmapped).toEqual([BigInt(PAGE), 0n]);
    expect(() => context.adopt({ iova: iova(0), host: HOST, size: SIZE, access: "read" })).toThrow(
      expect.objectContaining({ code: "closed" }),
    );
  });
});
