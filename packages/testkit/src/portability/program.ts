// A portable program: what a caller may write without knowing the IOMMU, as data.
//
// Places are pages of 4 KiB from IOVA 0, where every machine has a window; memory is named by a slot.
// Memory is registered before it is mapped, as the contract demands of a program that is to run
// everywhere (ME5); access is read or read-write, for whether write-only can be had is a capability.

import fc from "fast-check";

/** Pages of IOVA that programs use: few, so that ranges meet; the smallest window has 256. */
export const PLACES = 16;
/** Memories that a program may have at a time. */
export const SLOTS = 3;

export type PortableAccess = "read" | "read-write";

export type Operation =
  | { readonly do: "allocate"; readonly slot: number; readonly pages: number }
  | { readonly do: "free" | "register" | "unregister"; readonly slot: number }
  | {
      readonly do: "map";
      readonly slot: number;
      readonly page: number;
      readonly at: number;
      readonly pages: number;
      readonly access: PortableAccess;
    }
  | { readonly do: "unmap"; readonly at: number; readonly pages: number }
  | { readonly do: "unmapAll" | "mappings" | "reopen" }
  | { readonly do: "lookup"; readonly at: number }
  | { readonly do: "bad"; readonly which: number }
  | { readonly do: "copy"; readonly from: number; readonly to: number }
  | { readonly do: "write"; readonly at: number; readonly value: number };

const slot = fc.nat(SLOTS - 1);
const at = fc.nat(PLACES - 1);
const pages = fc.integer({ min: 1, max: 5 });
const access = fc.constantFrom<PortableAccess>("read", "read-write");

/** One operation, weighted so that most maps find memory and most unmaps a mapping. */
const operation: fc.Arbitrary<Operation> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant("allocate"),
      slot,
      pages: fc.integer({ min: 1, max: 6 }),
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("register"), slot }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom("free", "unregister"), slot }) },
  {
    weight: 12,
    arbitrary: fc.record({ do: fc.constant("map"), slot, page: fc.nat(5), at, pages, access }),
  },
  { weight: 7, arbitrary: fc.record({ do: fc.constant("unmap"), at, pages }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom("unmapAll", "mappings", "reopen") }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("lookup"), at }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("bad"), which: fc.nat(11) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("copy"), from: at, to: at }) },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant("write"), at, value: fc.integer({ min: 1, max: 254 }) }),
  },
);

/** Every program begins with registered memory, so that short ones reach something. */
const BEGINNING: readonly Operation[] = [
  { do: "allocate", slot: 0, pages: 6 },
  { do: "register", slot: 0 },
];

const portableProgram: fc.Arbitrary<readonly Operation[]> = fc
  .array(operation, { minLength: 1, maxLength: 10, size: "max" })
  .map((operations) => [...BEGINNING, ...operations]);

/** Programs that follow each other on one machine. */
export const portablePrograms: fc.Arbitrary<readonly (readonly Operation[])[]> = fc.array(
  portableProgram,
  { minLength: 1, maxLength: 20, size: "max" },
);

/** One line for a failure report. */
export function textOf(program: readonly Operation[]): string {
  return program
    .map((each) => {
      const { do: name, ...rest } = each;
      return `${name}(${Object.entries(rest)
        .map(([key, value]) => `${key} ${value}`)
        .join(", ")})`;
    })
    .join("; ");
}
