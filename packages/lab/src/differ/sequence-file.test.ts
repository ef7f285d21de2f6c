import { describe, expect, test } from "vitest";
import { generateSequence } from "./generate/index.ts";
import { parseSequence, readSequence } from "./sequence-file.ts";
import { OWN_ENVIRONMENTS } from "./simulate.ts";

const CLOSE = { op: "close", fd: "c0" };
const UNMAP = { op: "unmap", fd: "c0", argsz: 24, flags: 0, iova: "0x0", size: "0x1000" };

test("default: whatever is generated can be read back", () => {
  for (let index = 0; index < 200; index++) {
    const sequence = generateSequence(5, index, OWN_ENVIRONMENTS.vtd);
    expect(parseSequence("x", JSON.stringify(sequence))).toEqual(sequence);
  }
});

test("behavior: a divergence is read as its shortest sequence", () => {
  expect(parseSequence("x", JSON.stringify({ times: 2, shrunk: [CLOSE] }))).toEqual([CLOSE]);
});

describe("error: what is no sequence", () => {
  test.each([
    ["{", "JSON"],
    ["3", "no list"],
    ["{}", "no list"],
    ["[3]", "call 0: it is not an object"],
    [JSON.stringify([CLOSE, { op: "clone", fd: "c0" }]), 'call 1: there is no call "clone"'],
    [JSON.stringify([{ op: "toString" }]), "there is no call"],
    [JSON.stringify([{ op: "close" }]), "call 0: fd is not what it must be (text)"],
    [JSON.stringify([{ ...UNMAP, argsz: 1.5 }]), "argsz is not what it must be (number)"],
    [JSON.stringify([{ ...UNMAP, bitmap: { size: "0x8" } }]), "bitmap is not one"],
    [JSON.stringify([{ op: "set-irqs", fd: "d0" }]), "argsz"],
  ])("%s", (text, message) => {
    expect(() => parseSequence("case.json", text)).toThrow(
      expect.objectContaining({ code: "file-invalid", message: expect.stringContaining(message) }),
    );
  });

  test("a file that is not there", async () => {
    await expect(readSequence("/nowhere/case.json")).rejects.toMatchObject({
      code: "file-unreadable",
    });
  });
});
