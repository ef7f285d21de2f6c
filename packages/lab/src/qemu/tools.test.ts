import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { hasInterpreter, isElf, isX86BootImage } from "./elf.ts";
import { QemuError } from "./errors.ts";
import { findTool, QEMU_X86, requireTool } from "./tools.ts";

const folder = mkdtempSync(join(tmpdir(), "iommukit-test-"));
afterAll(() => rmSync(folder, { recursive: true }));

const tool = { ...QEMU_X86, name: "iommukit-no-such-tool" };

describe("findTool", () => {
  test("default: the first program of that name", () => {
    const path = join(folder, tool.name);
    writeFileSync(path, "");
    expect(findTool(tool, `/nowhere:${folder}`)).toBeUndefined();
    chmodSync(path, 0o755);
    expect(findTool(tool, `/nowhere::${folder}`)).toBe(path);
    expect(requireTool(tool, folder)).toBe(path);
  });

  test("behavior: a folder of that name is no program", () => {
    expect(findTool({ ...tool, name: "tmp" }, "/")).toBeUndefined();
  });

  test("error: tool-missing names the package on each distribution", () => {
    expect(() => requireTool(tool, "/nowhere")).toThrow(
      expect.objectContaining({
        code: "tool-missing",
        facts: { tool: tool.name },
        hint: expect.stringMatching(/apt-get install .*qemu-system-x86 .*dnf .*pacman /),
      }),
    );
  });
});

test("QemuError: sentence first, then facts, then the hint, several lines indented", () => {
  const error = new QemuError("qemu-failed", "It failed.", {
    facts: { stderr: "a\nb\n", status: 1 },
    hint: "try again",
  });
  expect(error.message).toBe("It failed.\n  stderr: a\n    b\n  status: 1\n  hint: try again");
  expect(error).toMatchObject({ code: "qemu-failed", summary: "It failed.", name: "QemuError" });
});

/** A 64-bit little-endian ELF file with program headers of the given types. */
function elf(types: readonly number[]): Uint8Array {
  const file = Buffer.alloc(0x40 + types.length * 0x38);
  file.write("\x7fELF");
  file.writeBigUInt64LE(0x40n, 0x20);
  file.writeUInt16LE(0x38, 0x36);
  file.writeUInt16LE(types.length, 0x38);
  for (const [at, type] of types.entries()) file.writeUInt32LE(type, 0x40 + at * 0x38);
  return file;
}

describe("elf", () => {
  test("default", () => {
    expect(isElf(elf([]))).toBe(true);
    expect(hasInterpreter(elf([1, 1]))).toBe(false);
    expect(hasInterpreter(elf([6, 3, 1]))).toBe(true);
  });

  test("behavior: short or other files are neither", () => {
    for (const file of [Buffer.alloc(0), Buffer.from("\x7fELF"), Buffer.from("#!/bin/sh\n")]) {
      expect([isElf(file), hasInterpreter(file), isX86BootImage(file)]).toEqual([
        false,
        false,
        false,
      ]);
    }
  });

  test("behavior: a table that is cut off has no interpreter", () => {
    expect(hasInterpreter(elf([1, 3]).subarray(0, 0x78))).toBe(false);
  });

  test("behavior: an x86 kernel is known by its setup header", () => {
    const image = Buffer.alloc(0x206);
    image.write("HdrS", 0x202);
    expect(isX86BootImage(image)).toBe(true);
    expect(isX86BootImage(image.subarray(0, 0x205))).toBe(false);
  });
});
