import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { TARGETS } from "../targets/list.ts";
import { benchFolder, benchmarkNamed, readCatalogue } from "./catalogue.ts";

async function withBudgets<T>(text: string, use: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), "iommukit-budgets-"));
  try {
    await writeFile(join(folder, "budgets.json"), text);
    return await use(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

test("default: the checkout's own benchmarks are read, each on a target that exists", async () => {
  const catalogue = await readCatalogue(benchFolder());
  const names = new Set(TARGETS.map(({ name }) => name));
  expect(catalogue.map(({ name }) => name)).toContain("map-unmap-4k");
  for (const { target } of catalogue) expect(names).toContain(target);
  expect(benchmarkNamed(catalogue, "map-unmap-4k").clock).toBe("instructions");
  expect(benchmarkNamed(catalogue, "ledger").clock).toBe("host");
});

test("error: a benchmark that does not exist is answered with those that do", async () => {
  const catalogue = await readCatalogue(benchFolder());
  expect(() => benchmarkNamed(catalogue, "fast")).toThrow(/no benchmark "fast"/);
});

test("error: away from a checkout there are none", async () => {
  await expect(readCatalogue(join(tmpdir(), "no-such-folder"))).rejects.toMatchObject({
    code: "file-unreadable",
    hint: expect.stringContaining("run from a checkout"),
  });
});

test.each([
  ["no JSON", "{"],
  ["no object", "[]"],
  ["no target", '{"a":{"description":"d","scenario":"s"}}'],
  ["an unknown clock", '{"a":{"description":"d","scenario":"s","target":"t","clock":"sun"}}'],
  [
    "a limit of neither kind",
    '{"a":{"description":"d","scenario":"s","target":"t","goals":{"x":{}}}}',
  ],
])("error: %s", async (_, text) => {
  await expect(withBudgets(text, readCatalogue)).rejects.toMatchObject({ code: "file-invalid" });
});
