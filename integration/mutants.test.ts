// Every mutant must be noticed; docs/mutants.md says by whom. IOMMUKIT_UPDATE=1 writes it anew.
//
// The library's own mutants change one line of its source, so the library and all that uses it are
// loaded once more for each, by vite's module runner.

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Hunted, MUTANTS, type Mutant, mutantTable } from "@iommukit/testkit/mutants";
import { afterAll, expect, test } from "vitest";
import { createWorkshop } from "./mutant-workshop.ts";

const ROOT = join(import.meta.dirname, "..");
const DOCUMENT = join(ROOT, "docs/mutants.md");
/** The table is checked in, so the hunt is the same in every run. */
const SEED = 20_251_122;

const workshop = await createWorkshop(ROOT);
const hunted: Hunted[] = [];
const only = process.env["IOMMUKIT_MUTANT"];
const chosen: readonly Mutant[] = MUTANTS.filter(({ name }) => only === undefined || name === only);

test.each(chosen)("mutant: $where/$name is noticed", async (mutant) => {
  const { hunt, type1 } = await workshop.load(mutant.edit);
  const kill = await hunt({ mutant, backend: type1, seed: SEED });
  hunted.push({ mutant, kill });
  expect(kill, kill.why).toMatchObject({ killed: true });
  if (only !== undefined) process.stdout.write(`${kill.by}: ${kill.why}\n`);
  if (kill.law !== "") expect(mutant.breaks).toContain(kill.law);
});

test("a mutant without a bug survives: the hunters notice bugs and nothing else", async () => {
  const { hunt, type1 } = await workshop.load(undefined);
  const mutant: Mutant = { name: "none", where: "core", bug: "none", breaks: [] };
  const kill = await hunt({ mutant, backend: type1, seed: SEED, sweep: "no" });
  expect(kill.why).toBe("it survived");
});

test.skipIf(only !== undefined)("the table of mutants is up to date", () => {
  const killed = hunted.filter(({ kill }) => kill.killed).length;
  process.stdout.write(`mutants: ${killed} of ${MUTANTS.length} killed\n`);
  const table = mutantTable(hunted, SEED);
  if (process.env["IOMMUKIT_UPDATE"] === "1") writeFileSync(DOCUMENT, table);
  expect(readFileSync(DOCUMENT, "utf8")).toBe(table);
});

afterAll(() => workshop.close());
