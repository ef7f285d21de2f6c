// The laws of what is read and written as bytes: parsers are total, layouts come back as they went.

import { isIommuError } from "@iommukit/core";
import {
  type AbiProfile,
  createReader,
  createWriter,
  type Fields,
  type Layout,
} from "@iommukit/core/abi";
import { demand, LawBroken } from "./law.ts";

/** I35, I36: whatever the bytes or the text, a parser answers or throws an error of the library. */
export function parserIsTotal(what: string, parse: () => unknown): void {
  try {
    parse();
  } catch (error) {
    if (isIommuError(error)) return;
    throw new LawBroken("I35", `${what} threw ${String(error)}`, error);
  }
}

/** I43: what is written over any bytes reads back the same, and written again gives the same bytes. */
export function layoutRoundTrips<F extends Fields>(
  layout: Layout<F>,
  abi: AbiProfile,
  content: Uint8Array,
): void {
  const get = new Map(Object.entries(createReader(layout, abi, content).get));
  const writer = createWriter(layout, abi);
  const set = new Map(Object.entries(writer.set));
  const back = new Map(Object.entries(writer.get));
  for (const [name, field] of Object.entries(layout.fields)) {
    if (field.form !== "scalar") continue;
    const value: unknown = Reflect.apply(Object(get.get(name)), undefined, []);
    Reflect.apply(Object(set.get(name)), undefined, [value]);
    const again: unknown = Reflect.apply(Object(back.get(name)), undefined, []);
    demand("I43", Object.is(value, again), () => {
      return `${layout.name}.${name} is written as ${value} and reads ${again}`;
    });
  }
}
