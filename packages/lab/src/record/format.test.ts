import { describe, expect, test } from "vitest";
import { OWN_ENVIRONMENTS } from "../differ/simulate.ts";
import { parseRecording, printRecording, type Recorded } from "./format.ts";

const RECORDED: Recorded = {
  head: { iommukitRecording: 1, target: "sim/vtd", environment: OWN_ENVIRONMENTS.vtd },
  calls: [
    { call: "open", path: "/dev/vfio/vfio", flags: "rw", result: "f0" },
    { call: "close", fd: "f0", result: 0 },
  ],
};

test("default: a line for the head and one for each call, read back as they were", () => {
  const text = printRecording(RECORDED);
  expect(text.split("\n")).toHaveLength(4);
  expect(parseRecording("x", text)).toEqual(RECORDED);
});

describe("error: what is no recording", () => {
  const head = JSON.stringify(RECORDED.head);
  test.each([
    ["", "line 1"],
    ["{", "line 1"],
    ["[]", "line 1 is not an object"],
    ['{"iommukitRecording":2}', "no recording of format 1"],
    [`${head}\n{"call":"open"}`, "line 2 is no call"],
    [`${head}\n{"result":0}`, "line 2 is no call"],
    [`${head}\n3`, "line 2 is not an object"],
  ])("%j", (text, message) => {
    expect(() => parseRecording("a.jsonl", text)).toThrow(
      expect.objectContaining({ code: "file-invalid", message: expect.stringContaining(message) }),
    );
  });
});
