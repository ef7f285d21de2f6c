// Registrations of containers that share a process.

import { describe, expect, test } from "vitest";
import { PAGE, scriptedEngine, scriptedSession } from "../../test/scripted-engine.ts";
import { bytes, hostAddress, hostPlus } from "../address/address.ts";
import { ContainerEngine } from "../container/engine.ts";
import type { BackendSession } from "../contract/backend.ts";

const HOST = hostAddress(0x7f00_0000_0000n);
const SIZE = bytes(2 * PAGE);

function code(wanted: string): unknown {
  return expect.objectContaining({ code: wanted });
}

/** A second container of the process that the first one is of. */
function beside(first: ContainerEngine, session: BackendSession): ContainerEngine {
  const groups = [{ id: 3, fd: 13 }];
  const context = { ...first.context, container: 4, groups: () => [3] };
  const negotiated = { ...first.negotiated, session };
  return new ContainerEngine(context, first.memoryTable, groups, negotiated, first.terms);
}

describe("rule ME5", () => {
  test("two containers register the same range, each once", () => {
    const asked: string[] = [];
    const session = (name: string): BackendSession =>
      scriptedSession({
        register: () => void asked.push(`${name} +`),
        unregister: () => void asked.push(`${name} -`),
      });
    const one = scriptedEngine(session("one"));
    const other = beside(one, session("other"));
    const mine = one.memory.register(HOST, SIZE);
    const theirs = other.memory.register(HOST, SIZE);
    mine.close();
    theirs.close();
    expect(asked).toEqual(["one +", "other +", "one -", "other -"]);
  });

  test.each([
    ["begins before", -1, 2],
    ["ends behind", 1, 2],
    ["lies inside", 0, 1],
    ["lies around", -1, 4],
  ])("a range that %s another container's is refused without a call", (_, from, pages) => {
    const one = scriptedEngine(scriptedSession());
    let calls = 0;
    const other = beside(one, scriptedSession({ register: () => void calls++ }));
    const mine = one.memory.register(HOST, SIZE);
    const at = hostAddress(HOST + BigInt(from * PAGE));
    const register = (): unknown => other.memory.register(at, bytes(pages * PAGE));
    expect(register).toThrow(code("already-mapped"));
    expect(register).toThrow(/another container of this process/);
    expect(calls).toBe(0);
    mine.close();
    other.memory.register(at, bytes(pages * PAGE)).close();
    expect(calls).toBe(1);
  });

  test("neighbours do not meet", () => {
    const one = scriptedEngine(scriptedSession());
    const other = beside(one, scriptedSession());
    one.memory.register(HOST, SIZE);
    other.memory.register(hostPlus(HOST, SIZE), SIZE);
  });

  test("what the kernel refused is nobody's", () => {
    const one = scriptedEngine(
      scriptedSession({
        register: () => {
          throw new Error("refused");
        },
      }),
    );
    const other = beside(one, scriptedSession());
    expect(() => one.memory.register(HOST, SIZE)).toThrow("refused");
    other.memory.register(HOST, bytes(PAGE)).close();
  });

  test("a container that closes gives its ranges back", () => {
    const one = scriptedEngine(scriptedSession());
    const other = beside(one, scriptedSession());
    one.memory.register(HOST, SIZE);
    one.close();
    other.memory.register(hostPlus(HOST, PAGE), SIZE);
  });
});
