import { fc, test as property } from "@fast-check/vitest";
import { describe, expect, test } from "vitest";
import { struct, u32, u64 } from "./layout.ts";
import { ARCHES, abiProfile } from "./profile.ts";
import { createRow2, createRow3 } from "./row.ts";
import { createWriter } from "./writer.ts";

const MAP = struct("map", 32, {
  argsz: u32(0),
  flags: u32(4),
  vaddr: u64(8),
  iova: u64(16),
  size: u64(24),
});
const word = fc.integer({ min: 0, max: 0xffff_ffff });
const long = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });

describe.each(ARCHES)("%s", (arch) => {
  const abi = abiProfile(arch, 4096);

  property.prop([word, long, long, long])(
    "behavior: a row stores what the setters of a writer store, and nothing else",
    (flags, vaddr, iova, size) => {
      const expected = createWriter(MAP, abi);
      expected.set.argsz(32);
      expected.set.flags(flags);
      expected.set.vaddr(vaddr);
      expected.set.iova(iova);
      expected.set.size(size);
      const { bytes, set } = createWriter(MAP, abi);
      set.argsz(32);
      createRow3({ layout: MAP, abi, bytes }, "flags", ["vaddr", "iova", "size"])(
        flags,
        vaddr,
        iova,
        size,
      );
      expect(bytes).toEqual(expected.bytes);
      const two = createWriter(MAP, abi);
      two.set.argsz(32);
      two.set.vaddr(vaddr);
      createRow2({ layout: MAP, abi, bytes: two.bytes }, "flags", ["iova", "size"])(
        flags,
        iova,
        size,
      );
      expect(two.bytes).toEqual(expected.bytes);
    },
  );

  test("edge: bytes that are not aligned in memory", () => {
    const bytes = new Uint8Array(40).subarray(3, 35);
    createRow3({ layout: MAP, abi, bytes }, "flags", ["vaddr", "iova", "size"])(1, 2n, 3n, 4n);
    const { get } = createWriter(MAP, abi, { bytes });
    expect([get.flags(), get.vaddr(), get.iova(), get.size()]).toEqual([1, 2n, 3n, 4n]);
  });
});

test("error: a field of another kind, one that is not there, too few bytes", () => {
  const abi = abiProfile("x86_64", 4096);
  const space = { layout: MAP, abi, bytes: new Uint8Array(32) };
  const refused = expect.objectContaining({ code: "invalid-argument" });
  // cast: what the types refuse, a program in JavaScript can ask.
  const field = (name: string): "size" => name as "size";
  expect(() => createRow2(space, "flags", ["iova", field("argsz")])).toThrow(refused);
  expect(() => createRow3(space, "flags", ["iova", "size", field("host")])).toThrow(refused);
  const short = { ...space, bytes: new Uint8Array(31) };
  expect(() => createRow2(short, "flags", ["iova", "size"])).toThrow(refused);
});
