import fs from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type Scratch, scratch } from "../test/kernel-facts.ts";
import { list, readLink, readText, writeText } from "./files.ts";

let files: Scratch;
beforeEach(() => {
  files = scratch();
});
afterEach(() => files.remove());

test("default: proc and sysfs", () => {
  expect(readText("/proc/sys/kernel/ostype")).toBe("Linux\n");
  expect(readText("/proc/self/status")).toMatch(/^Name:/);
  expect(list("/sys/kernel")).toContain("mm");
  expect(list("/proc/self/fd")).not.toHaveLength(0);
  expect(readLink("/proc/self")).toBe(String(process.pid));
});

test("behavior: names are sorted, links are as they are written", () => {
  for (const name of ["b", "a", "é", "B"]) fs.writeFileSync(join(files.folder, name), "");
  fs.symlinkSync("../kernel/iommu_groups/7", join(files.folder, "link"));
  expect(list(files.folder)).toEqual(["B", "a", "b", "fifo", "link", "é"]);
  expect(readLink(join(files.folder, "link"))).toBe("../kernel/iommu_groups/7");
});

test("behavior: one write, no truncation, no new file", () => {
  const path = join(files.folder, "attribute");
  expect(writeText(path, "x")).toBe(-2);
  expect(fs.existsSync(path)).toBe(false);
  fs.writeFileSync(path, "12345");
  expect(writeText(path, "äb")).toBe(3);
  expect(readText(path)).toBe("äb45");
});

test("behavior: a FIFO without a writer does not block", () => {
  expect(readText(files.fifo)).toBe("");
});

test("error: -errno of the kernel", () => {
  expect(readText("/nowhere")).toBe(-2);
  expect(readText("/proc")).toBe(-21);
  expect(list("/proc/version")).toBe(-20);
  expect(list("/nowhere")).toBe(-2);
  expect(readLink("/proc/version")).toBe(-22);
  expect(writeText("/proc", "x")).toBe(-21);
  expect(readText("/dev/zero"), "no end within the limit").toBe(-27);
  expect(writeText("/dev/full", "x")).toBe(-28);
});
