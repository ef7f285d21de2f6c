// UNSAFE: `as` joins the accessors made for one element kind to the type of that kind.
//
// A typed view of raw bytes as elements of one kind, for payloads that C declares as `__u8 data[]`.
//
// VFIO_DEVICE_SET_IRQS takes s32 eventfds behind a struct whose tail is bytes: the header says so
// only in a comment, so the element kind is chosen where the call is made.

import type { Getters, Setters } from "./accessors.ts";
import { elementAccess } from "./accessors.ts";
import type { ArrayElement, Layout, ScalarKind } from "./layout.ts";
import { elementSize } from "./layout.ts";
import type { ScalarValue } from "./memory.ts";
import { memory } from "./memory.ts";
import type { AbiProfile } from "./profile.ts";

export interface Elements<E extends ArrayElement> {
  /** How many whole elements the bytes hold. */
  readonly length: number;
  readonly set: E extends ScalarKind
    ? (index: number, value: ScalarValue<E>) => void
    : E extends Layout<infer G>
      ? (index: number) => Setters<G>
      : never;
  readonly get: E extends ScalarKind
    ? (index: number) => ScalarValue<E>
    : E extends Layout<infer G>
      ? (index: number) => Getters<G>
      : never;
}

/** Valid errors, of `get` and `set`: `invalid-argument` (index or value out of range). */
export function createElements<E extends ArrayElement>(
  element: E,
  abi: AbiProfile,
  bytes: Uint8Array,
): Elements<E> {
  const length = Math.floor(bytes.length / elementSize(element));
  const name = typeof element === "string" ? element : element.name;
  const access = elementAccess(element, memory(abi, bytes), { offset: 0, count: length, name });
  return Object.freeze({ length, ...access }) as Elements<E>;
}
