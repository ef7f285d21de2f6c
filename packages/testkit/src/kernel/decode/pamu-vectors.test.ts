// The kernel's own places of the PAMU's structs against what C compilers say, on both big-endian ABIs.

import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { ATTR_GEOMETRY, ATTR_PAMU_STASH, ATTR_WINDOWS, PAMU_NAMES, PAMU_STRUCTS } from "./pamu.ts";
import type { StructTable } from "./struct-view.ts";

interface Vectors {
  readonly ioctls: Readonly<Record<string, number>>;
  readonly constants: Readonly<Record<string, number>>;
  readonly structs: Readonly<Record<string, Pick<StructTable, "size" | "fields">>>;
}

function vectorsOf(arch: string): Vectors {
  const file = new URL(`../../../../../vectors/fsl-pamu/${arch}.json`, import.meta.url);
  return JSON.parse(readFileSync(file, "utf8"));
}

/** `_IO(';', 100)` on PowerPC. */
const VFIO_BASE = 0x2000_3b64;

describe.each(["ppc32", "ppc64"])("%s", (arch) => {
  const vectors = vectorsOf(arch);

  test.each(PAMU_STRUCTS)("$struct", ({ struct, size, fields }) => {
    expect({ size, fields }).toEqual(vectors.structs[struct]);
  });

  test("commands and attributes", () => {
    const names = Object.entries(PAMU_NAMES).map(([number, name]) => [
      name,
      VFIO_BASE + Number(number),
    ]);
    expect(vectors.ioctls).toMatchObject(Object.fromEntries(names));
    expect(vectors.constants).toMatchObject({
      VFIO_ATTR_GEOMETRY: ATTR_GEOMETRY,
      VFIO_ATTR_WINDOWS: ATTR_WINDOWS,
      VFIO_ATTR_PAMU_STASH: ATTR_PAMU_STASH,
    });
  });
});
