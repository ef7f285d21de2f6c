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
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { type Digests, digestsOf } from "./kernel-files.ts";
import { type Trust, unsealedDamage } from "./sealed-files.ts";

const MiB = 1024 * 1024;
const name = "a file";

let folder: string;
let digests: Digests;
const seal = () => join(folder, "seal");
const file = () => join(folder, name);
const damage = (trust?: Trust) => unsealedDamage(seal(), [{ folder, digests }], trust);

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "iommukit-test-"));
  writeFileSync(file(), "whole");
  utimesSync(file(), 1, 1);
  digests = await digestsOf(folder, [name]);
});

afterEach(() => {
  vi.restoreAllMocks();
  rmSync(folder, { recursive: true });
});

/** So long after the file's last change. */
function itIs(milliseconds: number): void {
  const now = statSync(file()).ctimeMs + milliseconds;
  vi.spyOn(Date, "now").mockReturnValue(Math.ceil(now));
}

async function sealed(): Promise<void> {
  itIs(3000);
  expect(await damage()).toBeUndefined();
  expect(existsSync(seal())).toBe(true);
  // Longer than the step of the file system's clock.
  await sleep(50);
}

/** By this process, which runs no other test (vitest.config.ts). */
function bytesRead(): number {
  return Number(/rchar: (\d+)/.exec(readFileSync("/proc/self/io", "utf8"))?.[1]);
}

describe("unsealedDamage", () => {
  test.each([0, 2000])("default: %d ms after a change a file is read each time", async (age) => {
    itIs(age);
    expect(await damage()).toBeUndefined();
    expect(existsSync(seal())).toBe(false);
    // The same size, perhaps within the same step of the clock.
    writeFileSync(file(), "wh0le");
    expect(await damage()).toBe(file());
  });

  test("behavior: what is sealed is not read again, unless all is to be read", async () => {
    truncateSync(file(), 64 * MiB);
    digests = await digestsOf(folder, [name]);
    itIs(3000);
    const grown = async (trust?: Trust): Promise<number> => {
      const before = bytesRead();
      expect(await damage(trust)).toBeUndefined();
      return bytesRead() - before;
    };
    expect(await grown()).toBeGreaterThanOrEqual(64 * MiB);
    expect(await grown()).toBeLessThan(MiB);
    expect(await grown("nothing")).toBeGreaterThanOrEqual(64 * MiB);
  });

  test("behavior: a change is seen although size and mtime are put back", async () => {
    await sealed();
    const { mtimeNs: before } = statSync(file(), { bigint: true });
    writeFileSync(file(), "wh0le");
    utimesSync(file(), 1, 1);
    expect(statSync(file(), { bigint: true }).mtimeNs).toBe(before);
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

  test("behavior: where no seal can be written, all is read each time", async () => {
    itIs(3000);
    const nowhere = join(file(), "seal");
    const check = () => unsealedDamage(nowhere, [{ folder, digests }]);
    expect(await check()).toBeUndefined();
    writeFileSync(file(), "wh0le");
    utimesSync(file(), 1, 1);
    expect(await check()).toBe(file());
  });
});
