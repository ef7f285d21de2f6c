// What is wrong with a layout, whoever made it: a plan is checked again before it is applied.
//
// The SDK's VMM rounds MSI addresses down to windows where RAM is no multiple of its page, so that a
// bank's page lands on the last megabytes of RAM. This is what notices.

import { formatAddress, formatRange, formatSize } from "@iommukit/core";
import { type Aperture, meetsRam } from "./layout.ts";
import {
  APERTURE_LIMIT,
  endOf,
  isPowerOfTwo,
  type MsiPlacement,
  type RamRegion,
  SMALLEST_WINDOW,
  type WindowPlan,
} from "./request.ts";

/** The parts of a plan that can be wrong; a plan is one. */
export type Layout = Pick<WindowPlan, "windowSize" | "windows" | "start" | "ram" | "msi">;

/** One sentence for each thing that is wrong, none for a layout that may be applied. */
export function layoutConflicts(layout: Layout): readonly string[] {
  if (!isLayout(layout)) return ["that is no layout: its addresses and sizes are bigints"];
  const { windowSize: size, windows: count, start } = layout;
  const shape = shapeConflicts(size, count, start);
  // Nothing below has a meaning in an aperture that is none.
  if (shape.length > 0) return shape;
  const aperture = { start, size, count };
  return [
    ...layout.ram.flatMap((region) => ramConflicts(aperture, region)),
    ...layout.ram.flatMap((region, index) => overlaps(region, layout.ram.slice(index + 1))),
    ...layout.msi.flatMap((placement) => msiConflicts(aperture, layout.ram, placement)),
    ...shared(aperture, layout.msi),
  ];
}

/** What TypeScript would have told, for those who come without it. */
function isLayout(layout: unknown): boolean {
  const { windowSize, start, ram, msi } = Object(layout) as Partial<Layout>; // cast: looked at member by member
  return (
    [windowSize, start].every(isAddress) &&
    Array.isArray(ram) &&
    ram.every((region) => isAddress(Object(region).start) && isAddress(Object(region).size)) &&
    Array.isArray(msi) &&
    msi.every((placement) => isAddress(Object(placement).iova))
  );
}

function isAddress(value: unknown): boolean {
  return typeof value === "bigint" && value >= 0n;
}

/** The index of the window that the hardware uses for an address of the aperture. */
function windowOf({ start, size }: Aperture, address: bigint): number {
  return Number((address - start) / size);
}

function shapeConflicts(size: bigint, count: number, start: bigint): readonly string[] {
  if (!isPowerOfTwo(size) || size < SMALLEST_WINDOW)
    return [`a window of ${formatSize(size)} is not a power of two of at least 4 KiB`];
  if (!Number.isInteger(count) || !isPowerOfTwo(BigInt(count)))
    return [`${count} windows are not a power of two`];
  const whole = size * BigInt(count);
  if (start % whole !== 0n)
    return [
      `the aperture begins at ${formatAddress(start)}, not a multiple of its ${formatSize(whole)}`,
    ];
  if (start + whole > APERTURE_LIMIT)
    return [`the aperture ends at ${formatAddress(start + whole)}, beyond 64 GiB`];
  return [];
}

function ramConflicts(aperture: Aperture, region: RamRegion): readonly string[] {
  const text = `RAM ${formatRange(region.start, region.size)}`;
  const end = aperture.start + aperture.size * BigInt(aperture.count);
  if (region.start < aperture.start || endOf(region) > end)
    return [`${text} is not inside the aperture`];
  return (region.start | region.size) % aperture.size === 0n
    ? []
    : [`${text} is not made of whole windows of ${formatSize(aperture.size)}`];
}

function overlaps(region: RamRegion, others: readonly RamRegion[]): readonly string[] {
  return others
    .filter((other) => region.start < endOf(other) && other.start < endOf(region))
    .map(
      (other) =>
        `RAM ${formatRange(region.start, region.size)} and ${formatRange(other.start, other.size)} overlap`,
    );
}

function msiConflicts(
  aperture: Aperture,
  ram: readonly RamRegion[],
  { bank, window, iova }: MsiPlacement,
): readonly string[] {
  const name = `MSI bank ${bank} at ${formatAddress(iova)}`;
  const index = windowOf(aperture, iova);
  if (iova < aperture.start || index >= aperture.count)
    return [`${name} is not inside the aperture`];
  const found: string[] = [];
  if ((iova - aperture.start) % aperture.size !== 0n)
    found.push(`${name} is not the start of a window`);
  if (index !== window) found.push(`${name} is in window ${index}, not ${window}`);
  if (meetsRam(ram, aperture, index)) found.push(`${name} is in window ${index}, which holds RAM`);
  return found;
}

function shared(aperture: Aperture, msi: readonly MsiPlacement[]): readonly string[] {
  return msi.flatMap((one, index) =>
    msi
      .slice(index + 1)
      .flatMap((other) => [
        ...(windowOf(aperture, one.iova) === windowOf(aperture, other.iova)
          ? [
              `MSI banks ${one.bank} and ${other.bank} are both in window ${windowOf(aperture, one.iova)}`,
            ]
          : []),
        ...(one.bank === other.bank ? [`MSI bank ${one.bank} is placed twice`] : []),
      ]),
  );
}
