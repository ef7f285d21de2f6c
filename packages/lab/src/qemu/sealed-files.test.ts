import {
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Digests, digestsOf } from "./kernel-files.ts";
import { unsealedDamage } from "./sealed-files.ts";

let folder: string;
let digests: Digests;
const name = "a file";
const seal = () => join(folder, "seal");
const file = () => join(folder, name);
const damage = () => unsealedDamage(seal(), [{ folder, digests }]);

/** Longer than the step in which any file system stamps changes. */
const SETTLED_MS = 2600;
const MiB = 1024 * 1024;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "iommukit-test-"));
  writeFileSync(file(), "whole");
  digests = await digestsOf(folder, [name]);
});

afterAll(() => rmSync(folder, { recursive: true }));

/** By this process, the other tests' threads included. */
function bytesRead(): number {
  return Number(/rchar: (\d+)/.exec(readFileSync("/proc/self/io", "utf8"))?.[1]);
}

async function sealed(): Promise<void> {
  rmSync(seal(), { force: true });
  writeFileSync(file(), "whole");
  await sleep(SETTLED_MS);
  expect(await damage()).toBeUndefined();
  expect(existsSync(seal())).toBe(true);
}

describe("unsealedDamage", () => {
  test("default: a file that just changed is read each time, since it may change unseen", async () => {
    expect(await damage()).toBeUndefined();
    expect(existsSync(seal())).toBe(false);
    // The same size within the same step of the clock.
    writeFileSync(file(), "wh0le");
    expect(await damage()).toBe(file());
  });

  test("behavior: what is sealed is not read again", async () => {
    const big = "a hole of 64 MiB";
    writeFileSync(join(folder, big), "");
    truncateSync(join(folder, big), 64 * MiB);
    const sets = [{ folder, digests: await digestsOf(folder, [big]) }];
    await sleep(SETTLED_MS);
    const first = bytesRead();
    expect(await unsealedDamage(join(folder, "other seal"), sets)).toBeUndefined();
    const second = bytesRead();
    expect(await unsealedDamage(join(folder, "other seal"), sets)).toBeUndefined();
    expect(second - first).toBeGreaterThanOrEqual(64 * MiB);
    expect(bytesRead() - second).toBeLessThan(32 * MiB);
  });

  test("behavior: a change is seen although size and mtime are put back", async () => {
    await sealed();
    const { atime, mtime } = statSync(file());
    writeFileSync(file(), "wh0le");
    utimesSync(file(), atime, mtime);
    expect(await damage()).toBe(file());
  });

  test("behavior: a file that is cut or gone is seen", async () => {
    await sealed();
    truncateSync(file(), 1);
    expect(await damage()).toBe(file());
    rmSync(file());
    expect(await damage()).toBe(file());
  });

  test("behavior: a record that promises another file breaks the seal", async () => {
    await sealed();
    const other = { [name]: "0".repeat(64) };
    expect(await unsealedDamage(seal(), [{ folder, digests: other }])).toBe(file());
  });

  test("behavior: a seal that is none is made anew", async () => {
    await sealed();
    for (const text of ["", "{", "0".repeat(64)]) {
      writeFileSync(seal(), text);
      expect(await damage()).toBeUndefined();
      expect(readFileSync(seal(), "utf8")).toMatch(/^[0-9a-f]{64}$/);
      expect(readFileSync(seal(), "utf8")).not.toBe(text);
    }
  });
});
