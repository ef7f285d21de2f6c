// Misuse of a writer that must not compile. `tsc -b` reads this file; nothing runs it.

import { nested, reserved, struct, tail, u32, u64 } from "./layout.ts";
import { abiProfile } from "./profile.ts";
import { createReader } from "./reader.ts";
import { createWriter } from "./writer.ts";

const INNER = struct("inner", 8, { size: u64(0) });
const OUTER = struct("outer", 16, {
  flags: u32(0),
  gap: reserved(4, 4),
  inner: nested(8, INNER),
  list: tail(16, INNER),
});
const { set, get } = createWriter(OUTER, abiProfile("x86_64", 4096));

set.flags(1);
set.inner.size(1n);
set.list(0).size(1n);
export const values: { flags: number; inner: { size: bigint }; list: readonly { size: bigint }[] } =
  createReader(OUTER, abiProfile("x86_64", 4096), new Uint8Array(16)).read();

// @ts-expect-error a u32 is a number
set.flags(1n);
// @ts-expect-error a u64 is a bigint
set.inner.size(1);
// @ts-expect-error a gap has no name
set.gap(0);
// @ts-expect-error a nested struct is set field by field
set.inner(0);
// @ts-expect-error an element of a tail needs its index
set.list.size(1n);
// @ts-expect-error there is no such field
get.nothing();
