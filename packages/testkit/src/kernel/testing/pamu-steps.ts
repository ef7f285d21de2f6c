// Steps of random histories on the strict kernel: numbers that fit any state, drawn where things meet.

import fc from "fast-check";

const KIB = 1024;
const MIB = 1024 * KIB;

/** One call or one access. Slots, blocks and groups are counted modulo what there is. */
export type PamuStep =
  | { readonly kind: "geometry"; readonly start: number; readonly size: number }
  | { readonly kind: "windows"; readonly count: number }
  | {
      readonly kind: "map";
      readonly window: number;
      readonly count: number;
      readonly skew: number;
      readonly block: number;
      readonly place: number;
      readonly flags: number;
    }
  | {
      readonly kind: "unmap";
      readonly window: number;
      readonly count: number;
      readonly skew: number;
    }
  | {
      readonly kind: "msi";
      readonly bank: number;
      readonly window: number;
      readonly skew: number;
      readonly flags: number;
    }
  | { readonly kind: "unmsi"; readonly window: number }
  | { readonly kind: "stash"; readonly cpu: number; readonly cache: number }
  | { readonly kind: "group"; readonly group: number }
  | {
      readonly kind: "access";
      readonly device: number;
      /** The nth window that is in use, or any. */
      readonly where: "used" | "any";
      readonly window: number;
      readonly inside: number;
      readonly access: "read" | "write";
    };

const few = (most: number): fc.Arbitrary<number> => fc.integer({ min: 0, max: most });
/** Windows from the start of the aperture, so that ranges meet; sometimes from anywhere. */
const window: fc.Arbitrary<number> = fc.oneof(
  { weight: 9, arbitrary: few(5) },
  { weight: 1, arbitrary: few(300) },
);
const skew: fc.Arbitrary<number> = fc.oneof(
  { weight: 20, arbitrary: fc.constant(0) },
  { weight: 1, arbitrary: fc.constantFrom(1, 0x140, 4096, 2 * MIB) },
);
const flags: fc.Arbitrary<number> = fc.oneof(
  { weight: 16, arbitrary: fc.constant(3) },
  { weight: 6, arbitrary: fc.constantFrom(1, 2) },
  { weight: 1, arbitrary: fc.constantFrom(0, 4, 7) },
);

const geometry: fc.Arbitrary<PamuStep> = fc.record({
  kind: fc.constant("geometry" as const),
  start: fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom(0, 0, 64 * MIB) },
    { weight: 1, arbitrary: fc.constantFrom(MIB, 2 ** 36, 0x1000) },
  ),
  size: fc.oneof(
    {
      weight: 9,
      arbitrary: fc.constantFrom(64 * KIB, 128 * KIB, MIB, 2 * MIB, 16 * MIB, 64 * MIB),
    },
    { weight: 1, arbitrary: fc.constantFrom(2 * KIB, 4 * KIB, 3 * MIB, 2 ** 36) },
  ),
});
const windows: fc.Arbitrary<PamuStep> = fc.record({
  kind: fc.constant("windows" as const),
  count: fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom(4, 16, 16, 256) },
    { weight: 1, arbitrary: fc.constantFrom(1, 2, 3, 0, 512) },
  ),
});
const map: fc.Arbitrary<PamuStep> = fc.record({
  kind: fc.constant("map" as const),
  window,
  count: fc.constantFrom(1, 1, 1, 1, 2, 3),
  skew,
  block: few(2),
  place: fc.oneof({ weight: 6, arbitrary: few(20).map((slot) => 2 * slot) }, few(40)),
  flags,
});
const unmap: fc.Arbitrary<PamuStep> = fc.record({
  kind: fc.constant("unmap" as const),
  window,
  count: fc.constantFrom(0, 1, 1, 1, 2, 3),
  skew,
});
/** Takes everything away, which lets devices go on that were cut off. */
const unmapAll: fc.Arbitrary<PamuStep> = fc.constant({
  kind: "unmap",
  window: 0,
  count: 256,
  skew: 0,
});
const msi: fc.Arbitrary<PamuStep> = fc.record({
  kind: fc.constant("msi" as const),
  bank: few(4),
  window,
  skew,
  flags,
});
const unmsi: fc.Arbitrary<PamuStep> = fc.record({ kind: fc.constant("unmsi" as const), window });
const stash: fc.Arbitrary<PamuStep> = fc.record({
  kind: fc.constant("stash" as const),
  cpu: fc.constantFrom(0, 3, 23, 99),
  cache: few(4),
});
const group: fc.Arbitrary<PamuStep> = fc.record({
  kind: fc.constant("group" as const),
  group: fc.constantFrom(3, 4),
});
const access: fc.Arbitrary<PamuStep> = fc.record({
  kind: fc.constant("access" as const),
  device: few(3),
  where: fc.oneof(
    { weight: 7, arbitrary: fc.constant("used" as const) },
    fc.constant("any" as const),
  ),
  window,
  inside: fc.oneof(
    { weight: 5, arbitrary: fc.constantFrom(0, 1, 0x140, 0x148, 0xfff) },
    { weight: 1, arbitrary: fc.constantFrom(0x1000, 4095 * KIB, -1) },
  ),
  access: fc.constantFrom("read" as const, "write" as const),
});

/** A history; it begins with an aperture, since nothing else happens before one. */
export function pamuSteps(most: number): fc.Arbitrary<readonly PamuStep[]> {
  const aperture = fc.tuple(geometry, windows);
  const step = fc.oneof(
    { weight: 2, arbitrary: aperture },
    ...[
      { weight: 1, arbitrary: geometry },
      { weight: 1, arbitrary: windows },
      { weight: 14, arbitrary: map },
      { weight: 5, arbitrary: unmap },
      { weight: 2, arbitrary: unmapAll },
      { weight: 3, arbitrary: msi },
      { weight: 1, arbitrary: unmsi },
      { weight: 1, arbitrary: stash },
      { weight: 1, arbitrary: group },
      { weight: 12, arbitrary: access },
    ].map(({ weight, arbitrary }) => ({ weight, arbitrary: fc.tuple(arbitrary) })),
  );
  return fc
    .tuple(aperture, fc.array(step, { minLength: most / 2, maxLength: most, size: "max" }))
    .map(([first, rest]) => [...first, ...rest.flat()]);
}
