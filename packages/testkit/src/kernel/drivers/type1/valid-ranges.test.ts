import { expect, test } from "vitest";
import { cutReserved, intersect } from "./valid-ranges.ts";

test.each([
  ["before", { first: 0, last: 9 }, [{ first: 10, last: 99 }]],
  ["the start", { first: 0, last: 19 }, [{ first: 20, last: 99 }]],
  [
    "the middle",
    { first: 50, last: 50 },
    [
      { first: 10, last: 49 },
      { first: 51, last: 99 },
    ],
  ],
  ["the end", { first: 99, last: 200 }, [{ first: 10, last: 98 }]],
  ["all", { first: 10, last: 99 }, []],
])("behavior: a hole over %s", (_name, hole, expected) => {
  expect(cutReserved([{ first: 10, last: 99 }], [hole])).toEqual(expected);
});

test("behavior: an aperture keeps what lies in it", () => {
  const ranges = [
    { first: 0, last: 9 },
    { first: 20, last: 29 },
    { first: 40, last: 49 },
  ];
  expect(intersect(ranges, { first: 5, last: 24 })).toEqual([
    { first: 5, last: 9 },
    { first: 20, last: 24 },
  ]);
});
