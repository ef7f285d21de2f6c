// Every mutant must be noticed; docs/mutants.md says by whom. IOMMUKIT_UPDATE=1 writes it anew.
//
// The library's own mutants change one line of its source, so the library and all that uses it are
// loaded once more for each, as a bundle.

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  type Hunted,
  MUTANTS,
  type Mutant,
  mutantTable,
  type Prey,
} from "@iommukit/testkit/mutants";
import { afterAll, describe, expect, test } from "vitest";
import { createWorkshop, type Loaded } from "./mutant-workshop.ts";

const ROOT = join(import.meta.dirname, "..");
const DOCUMENT = join(ROOT, "docs/mutants.md");
/** The table is checked in, so the hunt is the same in every run. */
const SEED = 20_251_122;

const workshop = await createWorkshop(ROOT);
const hunted: Hunted[] = [];
const only = process.env["IOMMUKIT_MUTANT"];
const chosen: readonly Mutant[] = MUTANTS.filter(({ name }) => only === undefined || name === only);

// The table is made of what was hunted before it, so the order holds under --sequence.shuffle too.
describe("mutants", { shuffle: false }, () => {
  test.each(chosen)("mutant: $where/$name is noticed", async (mutant) => {
    const loaded = await workshop.load(mutant.edit);
    const kill = await loaded.hunt({ mutant, ...backendOf(mutant, loaded), seed: SEED });
    hunted.push({ mutant, kill });
    expect(kill, kill.why).toMatchObject({ killed: true });
    if (only !== undefined) process.stdout.write(`${kill.by}: ${kill.why}\n`);
    if (kill.law !== "") expect(mutant.breaks).toContain(kill.law);
  });

  test.each(["x86", "power", "pamu"] as const)(
    "a mutant of %s without a bug survives: bugs are noticed and nothing else",
    async (family) => {
      const loaded = await workshop.load(undefined);
      const mutant: Mutant = { name: "none", family, where: "hardware", bug: "none", breaks: [] };
      const prey = { mutant, ...backendOf(mutant, loaded), seed: SEED, sweep: "no" } as const;
      expect((await loaded.hunt(prey)).why).toBe("it survived");
    },
  );

  test.skipIf(only !== undefined)("the table of mutants is up to date", () => {
    const killed = hunted.filter(({ kill }) => kill.killed).length;
    process.stdout.write(`mutants: ${killed} of ${MUTANTS.length} killed\n`);
    const table = mutantTable(hunted, SEED);
    if (process.env["IOMMUKIT_UPDATE"] === "1") writeFileSync(DOCUMENT, table);
    expect(readFileSync(DOCUMENT, "utf8")).toBe(table);
  });
});

/** The backend of the mutant's family, and the key of its own controls where it has some. */
function backendOf(
  { family }: Mutant,
  loaded: Loaded,
): Pick<Prey, "backend" | "extension" | "reference"> {
  if (family === "power") return { backend: loaded.spaprTce, reference: loaded.type1 };
  if (family !== "pamu") return { backend: loaded.type1 };
  return { backend: () => loaded.fslPamu({ type: 7 }), extension: loaded.PAMU };
}

afterAll(() => workshop.close());
