// A container over a scripted session: what it refuses, and what it holds when a step fails.

import { describe, expect, test } from "vitest";
import { PAGE, scriptedEngine, scriptedSession, WINDOW } from "../../test/scripted-engine.ts";
import { bytes, hostAddress, iova } from "../address/address.ts";
import type { DmaWindow, WindowRequest } from "../contract/dma-window.ts";
import { IommuError } from "../errors/base.ts";

const HOST = hostAddress(0x7f00_0000_0000n);
const SIZE = bytes(PAGE);

function failure(sentence: string): IommuError {
  return new IommuError({ code: "kernel-refused", operation: "scripted", sentence });
}

describe("windows that can be made and removed", () => {
  function dynamic(): { windows: DmaWindow[]; asked: WindowRequest[]; session: object } {
    const windows: DmaWindow[] = [{ ...WINDOW, kind: "dynamic" }];
    const asked: WindowRequest[] = [];
    const session = {
      readWindows: () => [...windows],
      createWindow: (request: WindowRequest): DmaWindow => {
        asked.push(request);
        const start = iova(2n ** 59n);
        const last = iova(start + request.size - 1n);
        const made: DmaWindow = { ...WINDOW, kind: "dynamic", start, last };
        windows.push(made);
        return made;
      },
      removeWindow: (window: DmaWindow): void => {
        windows.splice(windows.indexOf(window), 1);
      },
    };
    return { windows, asked, session };
  }

  test("a window is made, mapped in, kept while mapped, and removed", () => {
    const { asked, session } = dynamic();
    const engine = scriptedEngine(scriptedSession(session));
    const request = { pageSize: PAGE, size: bytes(16 * PAGE) };
    const made = engine.windows.create(request);
    expect(asked).toEqual([request]);
    expect(engine.windows.list()).toContain(made);
    engine.dma.map(made.start, HOST, SIZE, "read");
    expect(() => engine.windows.remove(made)).toThrow(
      expect.objectContaining({ code: "memory-in-use", facts: { start: made.start, mappings: 1 } }),
    );
    engine.dma.unmap(made.start, SIZE);
    engine.windows.remove(made);
    expect(engine.windows.list()).toEqual([{ ...WINDOW, kind: "dynamic" }]);
    expect(() => engine.dma.map(made.start, HOST, SIZE, "read")).toThrow(
      expect.objectContaining({ code: "outside-window" }),
    );
  });

  test("a backend that fixes them says why, if it does", () => {
    const said = scriptedEngine(
      scriptedSession({ capabilities: { "dynamic-windows": { offered: false, reason: "fixed" } } }),
    );
    const silent = scriptedEngine(scriptedSession());
    const request = { pageSize: PAGE, size: SIZE };
    const refused = (hint: string | undefined): unknown =>
      expect.objectContaining({ code: "not-offered", hint });
    expect(() => said.windows.create(request)).toThrow(refused("fixed"));
    expect(() => silent.windows.create(request)).toThrow(refused(undefined));
    expect(() => silent.windows.remove(WINDOW)).toThrow(refused(undefined));
  });

  test("a container without a window now says so", () => {
    const engine = scriptedEngine(scriptedSession({ readWindows: () => [] }));
    expect(() => engine.dma.map(iova(0), HOST, SIZE, "read")).toThrow(
      expect.objectContaining({ code: "outside-window", hint: "the container has no window now" }),
    );
    expect(() => engine.dma.mapAnywhere(HOST, bytes(0), "read")).toThrow(
      expect.objectContaining({ code: "zero-size" }),
    );
  });
});

describe("memory that is registered", () => {
  test("what the kernel refuses to register can be registered again", () => {
    const registered: bigint[] = [];
    let refuses = true;
    const engine = scriptedEngine(
      scriptedSession({
        register: (address) => {
          if (refuses) throw failure("no register");
          registered.push(address);
        },
        unregister: (address) => registered.splice(registered.indexOf(address), 1),
      }),
    );
    expect(() => engine.memory.register(HOST, SIZE)).toThrow(/no register/);
    expect(engine.registrations).toEqual([]);
    expect(() => engine.dma.map(iova(0), HOST, SIZE, "read")).toThrow(
      expect.objectContaining({ code: "memory-not-registered" }),
    );
    refuses = false;
    const registration = engine.memory.register(HOST, SIZE);
    engine.dma.map(iova(0), HOST, SIZE, "read");
    expect(() => registration[Symbol.dispose]()).toThrow(
      expect.objectContaining({ code: "memory-in-use" }),
    );
    engine.dma.unmap(iova(0), SIZE);
    registration[Symbol.dispose]();
    registration.close();
    expect([engine.registrations, registered]).toEqual([[], []]);
  });
});

describe("write-only", () => {
  test("a backend that does not speak of it does not offer it", () => {
    const engine = scriptedEngine(scriptedSession());
    expect(() => engine.dma.map(iova(0), HOST, SIZE, "write")).toThrow(
      expect.objectContaining({
        code: "not-offered",
        message: expect.stringContaining("the backend does not say that it prevents it"),
      }),
    );
    expect(engine.dma.mappings()).toEqual([]);
  });
});

describe("rule CL1: closing", () => {
  test("every step is tried, and what failed is told", () => {
    const closed: number[] = [];
    const engine = scriptedEngine(
      scriptedSession({
        unmap: () => {
          throw failure("no unmap");
        },
      }),
      {
        close: (fd) => {
          closed.push(fd);
          return fd === 3 ? -5 : 0;
        },
      },
    );
    engine.dma.map(iova(0), HOST, SIZE, "read");
    expect(() => engine[Symbol.dispose]()).toThrow(
      expect.objectContaining({
        code: "close-failed",
        facts: {
          failures: [
            expect.stringContaining("no unmap"),
            expect.stringContaining("closing the container failed"),
          ],
        },
      }),
    );
    expect(closed).toEqual([12, 3]);
    expect(engine.state).toBe("closed");
    engine.close();
    expect(closed).toEqual([12, 3]);
  });

  test("a lease that is released twice counts once", () => {
    const closed: number[] = [];
    const engine = scriptedEngine(scriptedSession(), {
      close: (fd) => {
        closed.push(fd);
        return 0;
      },
    });
    const { hold } = engine.enabled("test");
    const [first, second] = [hold(), hold()];
    engine.close();
    first.release();
    first.release();
    expect(second.isClosing()).toBe(true);
    expect(closed).toEqual([]);
    second.release();
    expect(closed).toEqual([12, 3]);
  });
});

describe("groups that leave", () => {
  test("the last one is closed, and what the kernel dropped with it is told", () => {
    const closed: number[] = [];
    const engine = scriptedEngine(scriptedSession(), {
      close: (fd) => {
        closed.push(fd);
        return 0;
      },
    });
    engine.dma.map(iova(0), HOST, SIZE, "read");
    expect(engine.control.detach(2)).toEqual({ mappingsDropped: 1 });
    expect(closed).toEqual([12]);
    expect(engine.state).toBe("opened");
    expect(() => engine.dma.mappings()).toThrow(expect.objectContaining({ code: "wrong-state" }));
    engine.close();
    expect(closed).toEqual([12, 3]);
  });
});

describe("groups that are none", () => {
  test("are refused before any call, and change nothing", () => {
    const engine = scriptedEngine(scriptedSession());
    const attach = (group: unknown): (() => unknown) => {
      return () => Reflect.apply(engine.control.attach, undefined, [group]);
    };
    const refused = expect.objectContaining({ code: "invalid-argument" });
    for (const group of [-1, 1.5, "2", 2n, undefined]) expect(attach(group)).toThrow(refused);
    expect(attach(2)).toThrow(/group 2 is in this container already/);
    expect(() => engine.control.detach(3)).toThrow(/group 3 is not in this container/);
    expect(engine.control.groups).toEqual([2]);
  });
});
