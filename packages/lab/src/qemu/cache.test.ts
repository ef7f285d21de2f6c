import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { cacheRoot, withLock, writeAtomically } from "./cache.ts";
import { withRunFolder } from "./run-folder.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "iommukit-test-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

function deadProcess(): number {
  return spawnSync(process.execPath, ["--version"]).pid;
}

describe("cacheRoot", () => {
  test.each([
    [{ HOME: "/h" }, "/h/.cache/iommukit"],
    [{ HOME: "/h", XDG_CACHE_HOME: "/c" }, "/c/iommukit"],
    [{ HOME: "/h", XDG_CACHE_HOME: "relative" }, "/h/.cache/iommukit"],
    [{ HOME: "/h", XDG_CACHE_HOME: "" }, "/h/.cache/iommukit"],
  ])("%j", (env, root) => {
    expect(cacheRoot(env)).toBe(root);
  });
});

describe("writeAtomically", () => {
  test("default: makes folders, replaces, leaves nothing else", async () => {
    const path = join(folder, "a/b/file");
    await writeAtomically(path, "one");
    await writeAtomically(path, "two");
    expect(readFileSync(path, "utf8")).toBe("two");
    expect(readdirSync(join(folder, "a/b"))).toEqual(["file"]);
  });

  test("error: a failure leaves no partial file", async () => {
    await writeAtomically(join(folder, "taken/x"), "");
    await expect(writeAtomically(join(folder, "taken"), "over a folder")).rejects.toThrow();
    expect(readdirSync(folder)).toEqual(["taken"]);
  });
});

describe("withLock", () => {
  const lock = (): string => join(folder, "lock");

  test("default: one at a time, released afterwards", async () => {
    let inside = 0;
    const work = async (): Promise<number> => {
      inside += 1;
      expect(inside).toBe(1);
      await new Promise((resolve) => setTimeout(resolve, 20));
      inside -= 1;
      return 7;
    };
    expect(await Promise.all([1, 2, 3].map(() => withLock(lock(), work)))).toEqual([7, 7, 7]);
    expect(readdirSync(folder)).toEqual([]);
  });

  test("behavior: released when the work fails", async () => {
    await expect(withLock(lock(), () => Promise.reject(new Error("x")))).rejects.toThrow("x");
    expect(await withLock(lock(), () => Promise.resolve(1))).toBe(1);
  });

  test("behavior: a dead holder's lock is taken over", async () => {
    writeFileSync(lock(), String(deadProcess()));
    expect(await withLock(lock(), () => Promise.resolve("mine"))).toBe("mine");
  });

  test("error: cache-busy, naming the holder", async () => {
    writeFileSync(lock(), String(process.pid));
    const waiting = withLock(lock(), () => Promise.resolve(), { patienceSeconds: 0 });
    await expect(waiting).rejects.toMatchObject({
      code: "cache-busy",
      facts: { holder: process.pid },
    });
  });

  test("error: aborted", async () => {
    writeFileSync(lock(), String(process.pid));
    const waiting = withLock(lock(), () => Promise.resolve(), { signal: AbortSignal.timeout(50) });
    await expect(waiting).rejects.toMatchObject({ code: "aborted" });
  });
});

describe("withRunFolder", () => {
  test("default: there during the work, gone after it", async () => {
    await withRunFolder((path) => {
      writeFileSync(join(path, "file"), "");
      return Promise.resolve();
    }, folder);
    expect(readdirSync(folder)).toEqual([]);
  });

  test("behavior: removes what a killed process left, and nothing else", async () => {
    const kept = [`iommukit-run-${process.pid}-abc`, "iommukit-run-x", "other"];
    for (const name of [`iommukit-run-${deadProcess()}-abcdef`, ...kept]) {
      writeFileSync(join(folder, name), "");
    }
    await withRunFolder(() => Promise.resolve(), folder);
    expect(new Set(readdirSync(folder))).toEqual(new Set(kept));
  });
});
