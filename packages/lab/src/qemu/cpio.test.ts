import { execFileSync, spawnSync } from "node:child_process";
import { describe, expect, test } from "vitest";
import { cpioArchive, type Entry } from "./cpio.ts";

const ENTRIES: readonly Entry[] = [
  { type: "directory", path: "bin" },
  { type: "file", path: "bin/tool", content: Uint8Array.of(0x7f, 0, 255), executable: true },
  { type: "file", path: "empty", content: "" },
  { type: "file", path: "four", content: "1234" },
  { type: "file", path: "text-größe", content: "fünf\n" },
];

interface Found {
  readonly path: string;
  readonly mode: number;
  readonly content: Buffer;
}

/** An independent reader of the format, written from its description. */
function unpack(archive: Buffer): Found[] {
  const found: Found[] = [];
  const align = (offset: number): number => Math.ceil(offset / 4) * 4;
  let at = 0;
  while (at < archive.length) {
    expect(archive.toString("latin1", at, at + 6)).toBe("070701");
    const field = (index: number): number =>
      Number.parseInt(archive.toString("latin1", at + 6 + index * 8, at + 14 + index * 8), 16);
    const [mode, size, nameSize] = [field(1), field(6), field(11)];
    const path = archive.toString("utf8", at + 110, at + 110 + nameSize - 1);
    const start = align(at + 110 + nameSize);
    at = align(start + size);
    if (path === "TRAILER!!!") return found;
    found.push({ path, mode, content: archive.subarray(start, start + size) });
  }
  throw new Error("no trailer");
}

const hasCpio = spawnSync("cpio", ["--version"]).status === 0;

describe("cpioArchive", () => {
  test("default", () => {
    expect(unpack(cpioArchive(ENTRIES))).toEqual([
      { path: "bin", mode: 0o040755, content: Buffer.alloc(0) },
      { path: "bin/tool", mode: 0o100755, content: Buffer.from([0x7f, 0, 255]) },
      { path: "empty", mode: 0o100644, content: Buffer.alloc(0) },
      { path: "four", mode: 0o100644, content: Buffer.from("1234") },
      { path: "text-größe", mode: 0o100644, content: Buffer.from("fünf\n") },
    ]);
  });

  test("behavior: equal entries give equal bytes", () => {
    expect(cpioArchive(ENTRIES)).toEqual(cpioArchive(ENTRIES));
  });

  test("behavior: its length is a multiple of 4, so that another archive may follow", () => {
    for (let size = 0; size < 8; size += 1) {
      const content = "x".repeat(size);
      const archive = cpioArchive([{ type: "file", path: `p${content}`, content }]);
      expect(archive.length % 4).toBe(0);
    }
  });

  test.skipIf(!hasCpio)("behavior: cpio(1) lists it", () => {
    const input = cpioArchive(ENTRIES);
    const listing = execFileSync("cpio", ["-t", "--quiet"], { input }).toString();
    expect(listing.trim().split("\n")).toEqual(ENTRIES.map(({ path }) => path));
  });
});
