// The kernel's own field places against what a C compiler says of linux/vfio.h, on four ABIs.

import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import * as errno from "../errno.ts";
import type { KernelAbi } from "../port-types.ts";
import { type FileKind, ioctlName } from "./commands.ts";
import { SPAPR_STRUCTS } from "./spapr.ts";
import type { StructTable } from "./struct-view.ts";
import { TYPE1_STRUCTS } from "./type1.ts";
import { VFIO_STRUCTS } from "./vfio.ts";

interface Vectors {
  readonly abi: Pick<KernelAbi, "arch" | "byteOrder" | "wordBits">;
  readonly ioctls: Readonly<Record<string, number>>;
  readonly structs: Readonly<Record<string, Pick<StructTable, "size" | "fields">>>;
  readonly errno: Readonly<Record<string, number>>;
}

const FOLDER = new URL("../../../../../vectors/uapi/", import.meta.url);
const files = readdirSync(FOLDER).filter((name) => name.endsWith(".json"));
const all: readonly Vectors[] = files.map((name) =>
  JSON.parse(readFileSync(new URL(name, FOLDER), "utf8")),
);

/** Linux 6.1 has no `pad` behind `cap_offset`; 6.12 does, and its vfio_device_info is 24 bytes. */
const GREW_AFTER_6_1: Readonly<Record<string, number>> = { vfio_device_info: 20 };

/** A C pointer, so 4 bytes on ppc32; this kernel reads it as 8, for Type1 is on 64-bit x86 only. */
const POINTER = "vfio_bitmap.data";

describe.each(all)("$abi.arch", (vectors) => {
  test.each([...TYPE1_STRUCTS, ...VFIO_STRUCTS, ...SPAPR_STRUCTS])(
    "$struct",
    ({ struct, size, fields }) => {
      const inC = vectors.structs[struct];
      expect([size, GREW_AFTER_6_1[struct]]).toContain(inC?.size);
      for (const [name, place] of Object.entries(fields)) {
        if (name === "pad" && inC?.fields[name] === undefined) continue;
        const isPointer = `${struct}.${name}` === POINTER && vectors.abi.wordBits === 32;
        const expected = isPointer ? { ...place, size: 4 } : place;
        expect(inC?.fields[name], `${struct}.${name}`).toEqual(expected);
      }
    },
  );

  test("errno numbers", () => {
    for (const [name, number] of Object.entries(errno))
      if (name in vectors.errno) expect(number, name).toBe(vectors.errno[name]);
  });

  test("ioctl numbers", () => {
    const powerpc = vectors.abi.arch !== "x86_64";
    const abi: KernelAbi = {
      ...vectors.abi,
      pageSize: 4096,
      ioctlEncoding: powerpc ? "powerpc" : "generic",
    };
    const kinds: readonly FileKind[] = ["container", "group", "device"];
    const known = Object.entries(vectors.ioctls).filter(([name, number]) =>
      kinds.some((kind) => ioctlName(abi, kind, number) === name),
    );
    // A 64-bit POWER kernel has the sPAPR driver's commands, four of them beyond Type1's.
    expect(known.length).toBe(vectors.abi.arch.startsWith("ppc64") ? 26 : 22);
  });
});

test("there is a vector for each ABI", () => {
  expect(all.map(({ abi }) => abi.arch)).toContain("x86_64");
});
