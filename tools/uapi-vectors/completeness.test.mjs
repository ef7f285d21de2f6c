// Proves the detector: a name that the header has and the program lacks must be reported.

import { describe, expect, test } from "vitest";
import { changedNames, differences } from "./completeness.mjs";
import { headerEnumerators, headerMacros, headerStructs } from "./header.mjs";
import { vectorsOf } from "./vectors.mjs";

const TEXT = `
enum { VFIO_A_INDEX, VFIO_B_INDEX = 4 };
enum vfio_state { VFIO_STATE_ERROR = 0, VFIO_STATE_STOP = 1, };
struct other { int x; };
struct vfio_bitmap { __u64 pgsize; __u64 *data; };
struct vfio_op {
 __u32 argsz;
 union { __u32 group_id; __u32 devid; };
 struct vfio_bitmap bitmap;
 __u64 __attribute__((aligned(8))) wide;
 __u8 data[];
};`;
const BASE = "#define _IO(type,nr) _IOC(type,nr)\n#define __linux__ 1\n";
const MACROS = `${BASE}#define VFIO_H 
#define VFIO_GET_IT _IO(VFIO_TYPE, 1)
#define VFIO_FLAG (1 << 0)
#define VFIO_NAME "vfio"
#define VFIO_TEST(x) (x & 1)
`;
const HEADER = { macros: MACROS, baseMacros: BASE, text: TEXT };
const EXCLUDED = { "constant VFIO_H": "guard", "constant VFIO_TEST": "has a parameter" };

const RECORDS = [
  ["ioctl", "VFIO_GET_IT", "15205"],
  ["constant", "VFIO_FLAG", "1"],
  ["string", "VFIO_NAME", "vfio"],
  ...["VFIO_A_INDEX", "VFIO_B_INDEX", "VFIO_STATE_ERROR", "VFIO_STATE_STOP"].map((name) => [
    "constant",
    name,
    "0",
  ]),
  ["struct", "vfio_bitmap", "16"],
  ["struct", "vfio_op", "32"],
  ...["pgsize", "data"].map((field) => ["offset", "vfio_bitmap", field, "0"]),
  ...["argsz", "group_id", "devid", "bitmap", "wide", "data"].map((field) => [
    "offset",
    "vfio_op",
    field,
    "0",
  ]),
  ["abi", "linuxVersion", "396288"],
];
const vectors = (records) => vectorsOf("x86_64", "gcc", records);

test("default: a program that prints every name is complete", () => {
  expect(differences(HEADER, vectors(RECORDS), EXCLUDED)).toEqual([]);
});

describe.each(RECORDS.filter(([kind]) => kind !== "abi" && kind !== "struct"))(
  "%s %s %s",
  (...record) => {
    test("error: is missed when the program leaves it out", () => {
      const wrong = differences(HEADER, vectors(without(record)), EXCLUDED);
      expect(wrong).toHaveLength(1);
      expect(wrong[0]).toMatch(
        new RegExp(`header has .*${record[0] === "offset" ? record[2] : record[1]}`),
      );
    });
  },
);

function without(record) {
  return RECORDS.filter((other) => other.join(" ") !== record.filter(Boolean).join(" "));
}

test("error: a name that the header does not have, and exclusions that are stale or contradicted", () => {
  const more = vectors([...RECORDS, ["constant", "VFIO_NEW", "1"]]);
  const excluded = { ...EXCLUDED, "constant VFIO_GONE": "?", "constant VFIO_FLAG": "?" };
  expect(differences(HEADER, more, excluded)).toEqual([
    expect.stringContaining("prints constant VFIO_NEW"),
    expect.stringContaining("excuses constant VFIO_GONE, which the header does not have"),
    expect.stringContaining("excuses constant VFIO_FLAG, which vectors.c prints"),
  ]);
});

test("error: an excluded name without its exclusion is missed", () => {
  expect(differences(HEADER, vectors(RECORDS), { "constant VFIO_H": "guard" })).toHaveLength(1);
});

test("behavior: macros by kind, enumerators, and fields in unions and behind attributes", () => {
  expect(headerMacros(MACROS, BASE).map(({ name, kind }) => `${name} ${kind}`)).toEqual([
    "VFIO_H empty",
    "VFIO_GET_IT ioctl",
    "VFIO_FLAG constant",
    "VFIO_NAME string",
    "VFIO_TEST function-like",
  ]);
  expect(headerEnumerators(TEXT, "VFIO_")).toHaveLength(4);
  expect(headerStructs(TEXT, "vfio_").get("vfio_op")).toEqual([
    "argsz",
    "group_id",
    "devid",
    "bitmap",
    "wide",
    "data",
  ]);
});

test("error: a name printed twice", () => {
  expect(() => vectors([...RECORDS, ["constant", "VFIO_FLAG", "2"]])).toThrow("printed twice");
});

test("behavior: changed names are told by part and name, whatever their order", () => {
  const before = { ioctls: { A: 1, B: 2 }, structs: {}, constants: { C: 3 }, errno: {}, abi: {} };
  const after = { ...before, ioctls: { B: 2, A: 1 }, constants: { C: 4, D: 5 } };
  expect(changedNames(before, after)).toEqual(["constants.C", "constants.D"]);
  expect(changedNames(before, before)).toEqual([]);
});
