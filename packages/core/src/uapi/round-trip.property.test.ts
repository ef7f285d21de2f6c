// Every real struct, on every ABI: fields read from random bytes are where the C compiler has them.

import { fc, test } from "@fast-check/vitest";
import { describe, expect } from "vitest";
import { readVectors } from "../../../../vectors/read.ts";
import type { ScalarKind } from "../abi/layout.ts";
import { ARCHES, abiProfile } from "../abi/profile.ts";
import { createReader } from "../abi/reader.ts";
import { createWriter } from "../abi/writer.ts";
import { CORE_UAPI } from "./table.ts";

const cases = ARCHES.flatMap((arch) =>
  Object.values(CORE_UAPI.structs).map((layout) => ({ arch, struct: layout.name, layout })),
);

/** The value of `size` bytes, by shifts: the reference shares nothing with the library. */
function numberAt(bytes: Uint8Array, offset: number, size: number, order: string): bigint {
  const digits = [...bytes.subarray(offset, offset + size)];
  const significant = order === "little" ? digits.reverse() : digits;
  return significant.reduce((value, byte) => (value << 8n) | BigInt(byte), 0n);
}

describe.each(cases)("$arch $struct", ({ arch, layout }) => {
  const abi = abiProfile(arch, 4096);
  const fields = readVectors("uapi-6.12", arch).structs[layout.name]?.fields;
  const scalars = Object.entries(layout.fields).filter(([, field]) => field.form === "scalar");
  const someBytes = fc.uint8Array({ minLength: layout.size, maxLength: layout.size + 9 });

  test.prop([someBytes, fc.integer({ min: 0, max: 7 })], { numRuns: 20 })(
    "a reader reads the compiler's offsets, a writer writes the same bytes back",
    (content, shift) => {
      const bytes = new Uint8Array(shift + content.length).subarray(shift);
      bytes.set(content);
      const get = Object(createReader(layout, abi, bytes).get);
      const writer = createWriter(layout, abi);
      for (const [name] of scalars) {
        const { offset, size } = fields?.[name] ?? { offset: -1, size: 0 };
        const value = get[name]();
        const kind = kindOf(layout.fields[name]);
        const read = kind === "s32" ? BigInt.asUintN(32, BigInt(value)) : BigInt(value);
        expect(read).toBe(numberAt(bytes, offset, size, abi.byteOrder));
        Object(writer.set)[name](value);
        expect(writer.bytes.subarray(offset, offset + size)).toEqual(
          bytes.subarray(offset, offset + size),
        );
      }
    },
  );
});

function kindOf(field: unknown): ScalarKind | undefined {
  return Object(field).kind;
}
