// What rounds of a benchmark say about a median, without believing in a distribution.
//
// Times on a shared machine have a long tail and no normal middle, so nothing here takes a mean. The
// interval of a median counts order statistics: for 60 rounds it lies between the 22nd and the 39th.

/** Two ends, both included. */
export interface Interval {
  readonly low: number;
  readonly high: number;
}

/** Normal quantile of a 95 % interval. */
const Z = 1.96;

/** The value at fraction `q` between the sorted numbers; NaN when there are none. */
export function quantile(values: readonly number[], q: number): number {
  const sorted = sort(values);
  const at = q * (sorted.length - 1);
  const low = sorted[Math.floor(at)] ?? Number.NaN;
  const high = sorted[Math.ceil(at)] ?? Number.NaN;
  return low + (high - low) * (at - Math.floor(at));
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** The middle half of the values. */
export function quartiles(values: readonly number[]): Interval {
  return { low: quantile(values, 0.25), high: quantile(values, 0.75) };
}

/**
 * The 95 % confidence interval of the median. With fewer than six values no two of them enclose it
 * with that certainty; then it has no ends, and no verdict can rest on it.
 */
export function medianInterval(values: readonly number[]): Interval {
  const count = values.length;
  if (count < 6) return { low: Number.NEGATIVE_INFINITY, high: Number.POSITIVE_INFINITY };
  const reach = (Z * Math.sqrt(count)) / 2;
  const sorted = sort(values);
  const low = sorted[Math.max(0, Math.floor(count / 2 - reach) - 1)] ?? Number.NaN;
  const high = sorted[Math.min(count - 1, Math.ceil(count / 2 + reach))] ?? Number.NaN;
  return { low, high };
}

/** Round by round: what slowed a whole round down slowed both of its halves. */
export function ratios(above: readonly number[], below: readonly number[]): number[] {
  return above.flatMap((value, round) => {
    const divisor = below[round];
    return divisor === undefined || divisor <= 0 ? [] : [value / divisor];
  });
}

/** How far an interval of ratios reaches from 1, or from its own middle. */
export function reach({ low, high }: Interval, middle = 1): number {
  return Math.max(Math.abs(high / middle - 1), Math.abs(1 - low / middle));
}

function sort(values: readonly number[]): number[] {
  return [...values].sort((a, b) => a - b);
}
