// The cheapest windows by trying all of them: every split of the memory over two windows, every page size,
// every number of levels, every size. It shares no arithmetic with the planner.

import type { MemoryRange, PlanRequest, WindowOffer } from "@iommukit/spapr-tce";

const MIB = 1024n * 1024n;

/** Bytes that the cheapest windows lock, the memory included; undefined: no windows can carry it. */
export function cheapestByForce(request: PlanRequest): bigint | undefined {
  const { ranges } = request;
  let best: bigint | undefined;
  for (let split = 0; split < 2 ** ranges.length; split++) {
    const low = ranges.filter((_, i) => (split >> i) % 2 === 0);
    const high = ranges.filter((_, i) => (split >> i) % 2 === 1);
    const cost = costOf(request, low, high);
    if (cost !== undefined && (best === undefined || cost < best)) best = cost;
  }
  const memory = ranges.reduce((sum, { size }) => sum + size, 0n);
  return best === undefined ? undefined : best + memory;
}

function costOf(
  { offer, placement }: PlanRequest,
  low: readonly MemoryRange[],
  high: readonly MemoryRange[],
): bigint | undefined {
  if (high.length > 0 && (placement === "identity" || offer.windows < 2)) return undefined;
  const lowCost = low.length === 0 ? 0n : cheapestWindow(offer, low, "low");
  const highCost =
    high.length === 0 ? 0n : cheapestWindow(offer, high, low.length === 0 ? "high alone" : "high");
  if (lowCost === undefined || highCost === undefined) return undefined;
  // Without a window in the first place none begins at bit 59: the cheapest of all stands there.
  const bare = offer.tables === "levelled" && low.length === 0;
  return lowCost + highCost + (bare ? (cheapestWindow(offer, [], "low") ?? 0n) : 0n);
}

type Place = "low" | "high" | "high alone";

function cheapestWindow(
  offer: WindowOffer,
  ranges: readonly MemoryRange[],
  place: Place,
): bigint | undefined {
  const costs = PAGES.filter((shift) => (offer.pageSizes >> BigInt(shift)) % 2n === 1n)
    .filter((shift) => ranges.every((range) => carries(offer, range, shift, place)))
    .flatMap((shift) => SIZES.map((log) => ({ shift, log })))
    .filter(({ shift, log }) => log >= shift && isGiven(offer, shift, log, place))
    .filter(({ log }) => ranges.every(({ address, size }) => address + size <= 1n << BigInt(log)))
    .flatMap(({ shift, log }) => LEVELS.map((levels) => tableCost(offer, shift, log, levels)))
    .filter((cost) => cost !== undefined);
  return costs.reduce<bigint | undefined>(
    (least, cost) => (least === undefined || cost < least ? cost : least),
    undefined,
  );
}

const PAGES = Array.from({ length: 28 }, (_, i) => 12 + i);
const SIZES = Array.from({ length: 48 }, (_, i) => 12 + i);
const LEVELS = [1, 2, 3, 4, 5];

/** An LPAR gives a window like the default one in its place, and no other there. */
function isGiven(
  { tables, defaultWindow }: WindowOffer,
  shift: number,
  log: number,
  place: Place,
): boolean {
  if (tables === "levelled" || place === "high") return true;
  const likeDefault = shift === 12 && 1n << BigInt(log) <= defaultWindow.size;
  return likeDefault === (place === "low");
}

function carries(
  offer: WindowOffer,
  { address, size, backing }: MemoryRange,
  shift: number,
  place: string,
): boolean {
  const page = 2 ** shift;
  if (backing < page || address % BigInt(page) !== 0n || size % BigInt(page) !== 0n) return false;
  if (place !== "low" || offer.tables === "flat") return true;
  return address >= 4096n * MIB || address + size <= offer.defaultWindow.size;
}

/** The kernel's pieces, one level after the other. */
function tableCost(
  { tables, kernelPageSize, levels: mostLevels }: WindowOffer,
  shift: number,
  log: number,
  levels: number,
): bigint | undefined {
  if (levels > mostLevels || (tables === "flat" && log - shift > 31)) return undefined;
  const page = BigInt(kernelPageSize);
  const entries = 1n << BigInt(log - shift);
  if (tables === "flat") return ((entries * 8n) / page) * page;
  let bits = Math.ceil((log - shift) / levels);
  while (2 ** (bits + 3) < kernelPageSize) bits++;
  if (bits * levels + shift >= 55 || 2 ** (bits + 3) > 2 ** 24) return undefined;
  const piece = 1n << BigInt(bits + 3);
  let bytes = 0n;
  let level = entries * 8n;
  for (let i = 0; i < levels; i++) {
    const pieces = level <= piece ? 1n : level / piece;
    bytes += pieces * piece;
    level = pieces * 8n;
  }
  return 2n * bytes;
}
