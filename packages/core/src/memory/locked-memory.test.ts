import { expect, test } from "vitest";
import { filesPort } from "../../test/scripted-port.ts";
import { type LockedMemory, readLockedMemory } from "./locked-memory.ts";

const STATUS = "/proc/self/status";
const LIMITS = "/proc/self/limits";
const CAPABLE = "CapEff:\t0000000000004000\n";
const INCAPABLE = "CapEff:\t000001ffffffbfff\n";

function read(texts: Record<string, string>): LockedMemory {
  return readLockedMemory(filesPort({ texts }));
}

test("what procfs says: bytes locked, and the soft limit", () => {
  const texts = {
    [STATUS]: `Name:\tnode\nVmLck:\t      64 kB\n${INCAPABLE}`,
    [LIMITS]:
      "Limit  Soft Limit  Hard Limit  Units\nMax locked memory         8388608  8388608  bytes\n",
  };
  expect(read(texts)).toEqual({ locked: 65_536, limit: 8_388_608 });
});

test("no limit: `unlimited`, and who has CAP_IPC_LOCK whatever the limit is", () => {
  const unlimited = { [STATUS]: INCAPABLE, [LIMITS]: "Max locked memory  unlimited  unlimited\n" };
  expect(read(unlimited)).toEqual({ locked: undefined, limit: Number.POSITIVE_INFINITY });
  const capable = { [STATUS]: CAPABLE, [LIMITS]: "Max locked memory  65536  65536  bytes\n" };
  expect(read(capable).limit).toBe(Number.POSITIVE_INFINITY);
});

test("what cannot be read or is no such text is not known", () => {
  expect(read({})).toEqual({ locked: undefined, limit: undefined });
  const garbage = {
    [STATUS]: "VmLck: many kB\nCapEff:\tall\n",
    [LIMITS]: "Max locked memory  -1\n",
  };
  expect(read(garbage)).toEqual({ locked: undefined, limit: undefined });
});
