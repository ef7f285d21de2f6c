import { describe, expect, test } from "vitest";
import { readVectors, VECTOR_SETS, type VectorSet } from "../../../../vectors/read.ts";
import { errnoName, errnoNumber, errnoTable } from "./errno.ts";
import { ARCHES, type Arch, abiProfile } from "./profile.ts";

/** In the table and not in the header: the C library's alias, and a number the kernel hides. */
const NOT_IN_THE_HEADER = ["ENOTSUP", "ENOTSUPP"];

const cases = VECTOR_SETS.flatMap((set) => ARCHES.map((arch): [VectorSet, Arch] => [set, arch]));

test.each(cases)("vectors/%s/%s.json: every name has the compiler's number", (set, arch) => {
  const ours = Object.entries(errnoTable(abiProfile(arch, 4096)));
  const shown = ours.filter(([name]) => !NOT_IN_THE_HEADER.includes(name));
  expect(Object.fromEntries(shown)).toEqual(readVectors(set, arch).errno);
});

describe.each(ARCHES)("%s", (arch) => {
  const abi = abiProfile(arch, 4096);

  test("rule: a number's name has that number, and aliases do not hide the usual name", () => {
    for (const number of Object.values(errnoTable(abi)))
      expect(errnoTable(abi)[errnoName(abi, number)]).toBe(number);
    expect([11, 35, 95].map((number) => errnoName(abi, number))).toEqual([
      "EAGAIN",
      "EDEADLK",
      "EOPNOTSUPP",
    ]);
  });

  test("default: the port's -errno has the same name", () => {
    expect(errnoName(abi, -12)).toBe("ENOMEM");
    expect(errnoNumber(abi, "ENOMEM")).toBe(12);
    expect(errnoNumber(abi, "EWOULDBLOCK")).toBe(11);
  });

  test("behavior: a number without a name is told as it is", () => {
    expect([0, 41, -4095].map((number) => errnoName(abi, number))).toEqual([
      "errno 0",
      "errno 41",
      "errno 4095",
    ]);
  });
});

test("behavior: EDEADLOCK is 58 on PowerPC and another name of EDEADLK elsewhere", () => {
  const [x86, power] = [abiProfile("x86_64", 4096), abiProfile("ppc32", 4096)];
  expect([errnoNumber(x86, "EDEADLOCK"), errnoNumber(power, "EDEADLOCK")]).toEqual([35, 58]);
  expect([errnoName(x86, 58), errnoName(power, 58)]).toEqual(["errno 58", "EDEADLOCK"]);
});
