import { describe, expect, test } from "vitest";
import { isSpapr, type SpaprEnvironment } from "./environment.ts";
import { Guard, isLeftRegion } from "./guard.ts";
import type { CreateOp, EehOp, Op, RemoveOp } from "./op.ts";
import { OWN_ENVIRONMENTS } from "./simulate.ts";

const HIGH = 2n ** 59n;
const CREATE: CreateOp = {
  op: "create",
  fd: "c0",
  argsz: 40,
  flags: 0,
  pageShift: 16,
  windowSize: "0x200000",
  levels: 1,
};
const REMOVE_LOW: RemoveOp = { op: "remove", fd: "c0", argsz: 16, flags: 0, start: "0x0" };
const REMOVE_HIGH: RemoveOp = { ...REMOVE_LOW, start: `0x${HIGH.toString(16)}` };

function guardOf(kind: "powernv9" | "pseries"): Guard {
  const environment = OWN_ENVIRONMENTS[kind];
  if (!isSpapr(environment)) throw new Error("no POWER machine");
  return new Guard(environment satisfies SpaprEnvironment);
}

function placedAt(start: bigint): Uint8Array {
  const bytes = new Uint8Array(40);
  new DataView(bytes.buffer).setBigUint64(32, start, true);
  return bytes;
}

function reset(operation: number): EehOp {
  return { op: "eeh", fd: "c0", argsz: 12, flags: 0, operation, type: 0, func: 0 };
}

describe("a second high window on pseries", () => {
  test("default: is refused where the first took the place of the low one", () => {
    const guard = guardOf("pseries");
    guard.saw(REMOVE_LOW, 0, 0);
    expect(guard.refuses(CREATE)).toBe(false);
    guard.saw(CREATE, 0, placedAt(HIGH));
    expect(guard.refuses(CREATE)).toBe(true);
    expect(guard.refuses({ ...CREATE, fd: "c1" })).toBe(false);
    expect(guard.refuses(REMOVE_HIGH)).toBe(false);
    guard.saw(REMOVE_HIGH, 0, 0);
    expect(guard.refuses(CREATE)).toBe(false);
  });

  test.each<[string, (guard: Guard) => void]>([
    ["the low one is there still", (guard) => guard.saw(CREATE, 0, placedAt(HIGH))],
    [
      "the new one is low",
      (guard) => {
        guard.saw(REMOVE_LOW, 0, 0);
        guard.saw(CREATE, 0, placedAt(0n));
      },
    ],
    [
      "nothing was removed, nor made",
      (guard) => {
        guard.saw(REMOVE_LOW, -22, 0);
        guard.saw(CREATE, -12, placedAt(HIGH));
      },
    ],
  ])("behavior: is not refused when %s", (_, happens) => {
    const guard = guardOf("pseries");
    happens(guard);
    expect(guard.refuses(CREATE)).toBe(false);
  });

  test("behavior: a POWER9 host has room for it", () => {
    const guard = guardOf("powernv9");
    guard.saw(REMOVE_LOW, 0, 0);
    guard.saw(CREATE, 0, placedAt(HIGH));
    expect(guard.refuses(CREATE)).toBe(false);
  });
});

test("default: resets that go on are ended", () => {
  const guard = guardOf("powernv9");
  guard.saw(reset(6), -22, 0);
  expect(guard.repairs).toEqual([]);
  guard.saw(reset(7), 0, 0);
  expect(guard.repairs).toMatchObject([{ op: "eeh", fd: "c0", operation: 5 }]);
  guard.saw(reset(5), 0, 0);
  expect(guard.repairs).toEqual([]);
});

test.each<[string, "arena" | "huge"]>([
  ["arena+0x0", "arena"],
  ["huge+0x0", "huge"],
])("default: a region at %s that freed nothing spends the %s", (vaddr, spent) => {
  const op: Op = { op: "unregister", fd: "c0", argsz: 24, flags: 0, vaddr, size: "0x1000" };
  const guard = guardOf("pseries");
  guard.answered(op, "0 v-4");
  guard.answered(op, "-2");
  expect(guard.spent).toEqual({ arena: false, huge: false });
  guard.answered(op, "0");
  expect(guard.spent).toEqual({ arena: false, huge: false, [spent]: true });
  expect([isLeftRegion(op, "0"), isLeftRegion(CREATE, "0")]).toEqual([true, false]);
});
