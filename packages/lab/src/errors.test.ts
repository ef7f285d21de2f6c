import { IommuError } from "@iommukit/core";
import { describe, expect, test } from "vitest";
import { errnoOf, isUsageError, LAB_ERROR_CODES, LabError, reportOf } from "./errors.ts";
import { QemuError } from "./qemu/errors.ts";

describe("reportOf", () => {
  test("default: code, message and hint of a library's error, the hint once", () => {
    const error = new IommuError({
      code: "misaligned",
      operation: "map",
      sentence: "the size is not a multiple of 4 KiB",
      facts: { size: 1n },
      hint: "round it up",
    });
    expect(reportOf(error)).toMatchObject({
      code: "misaligned",
      message: "the size is not a multiple of 4 KiB\n  size: 0x1",
      hint: "round it up",
    });
  });

  test("behavior: the QEMU library's errors too", () => {
    const error = new QemuError("tool-missing", "no QEMU", {
      facts: { tool: "q" },
      hint: "get it",
    });
    expect(reportOf(error)).toMatchObject({
      code: "tool-missing",
      message: "no QEMU\n  tool: q",
      hint: "get it",
    });
  });

  test.each([
    [new TypeError("wrong"), "unexpected", "TypeError: wrong"],
    [new Error("bare"), "unexpected", "bare"],
    [Object.assign(new Error("x"), { message: "" }), "unexpected", "Error"],
    [Object.assign(new Error("no file"), { code: "ENOENT" }), "unexpected", "no file"],
    ["text", "unexpected", 'thrown: "text"'],
    [undefined, "unexpected", "thrown: undefined"],
    [10n, "unexpected", "thrown: 10"],
  ])("behavior: %s is %s, %s", (error, code, message) => {
    expect(reportOf(error)).toMatchObject({ code, message });
  });

  test("behavior: the fallback code is the caller's", () => {
    expect(reportOf(new Error("x"), "program-threw").code).toBe("program-threw");
  });
});

test("behavior: usage errors are those of the command line and of unreadable files", () => {
  const usage = new Set(
    Object.keys(LAB_ERROR_CODES).filter((code) => {
      // cast: the keys of the record are its type.
      return isUsageError(new LabError(code as keyof typeof LAB_ERROR_CODES, "x"));
    }),
  );
  expect(usage).toEqual(
    new Set([
      "unknown-command",
      "unknown-option",
      "invalid-option",
      "invalid-argument",
      "unknown-target",
      "file-unreadable",
      "file-kind",
    ]),
  );
  expect(isUsageError(new Error("unknown-option"))).toBe(false);
});

test("behavior: errnoOf tells Node's codes and nothing else", () => {
  expect(errnoOf(Object.assign(new Error("no"), { code: "EPERM" }))).toBe("EPERM");
  expect([errnoOf(new Error("no")), errnoOf("EPERM"), errnoOf(undefined)]).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
});
