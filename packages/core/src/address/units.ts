// Sizes in the units people say them in, and addresses the way manuals print them.

/** 1024 bytes, as a number. */
export const KiB = 1024;
/** 1024 KiB in bytes, as a number. */
export const MiB: number = 1024 * KiB;
/** 1024 MiB in bytes, as a number. */
export const GiB: number = 1024 * MiB;
/** 1024 GiB in bytes, as a number. */
export const TiB: number = 1024 * GiB;

const UNITS: readonly (readonly [string, bigint])[] = [
  ["EiB", 1n << 60n],
  ["PiB", 1n << 50n],
  ["TiB", BigInt(TiB)],
  ["GiB", BigInt(GiB)],
  ["MiB", BigInt(MiB)],
  ["KiB", BigInt(KiB)],
];

/** More than this many of a unit are not read as a number any more, so a larger unit rounds. */
const READABLE = 1_000_000n;

/** `4 KiB`, `512 GiB`, `1234 bytes`: the largest unit that divides the size; `about 16 EiB` beyond reading. */
export function formatSize(size: bigint | number): string {
  const value = BigInt(size);
  for (const [name, unit] of UNITS)
    if (value >= unit && value % unit === 0n && value / unit < READABLE)
      return `${value / unit} ${name}`;
  const round = UNITS.find(([, unit]) => value >= unit);
  if (round === undefined || value < READABLE) return `${value} bytes`;
  return `about ${Math.round((Number(value) / Number(round[1])) * 10) / 10} ${round[0]}`;
}

/** `0xfee0_0000`: hexadecimal, in groups of four digits. */
export function formatAddress(address: bigint): string {
  const digits = address.toString(16);
  const groups: string[] = [];
  for (let end = digits.length; end > 0; end -= 4)
    groups.unshift(digits.slice(Math.max(0, end - 4), end));
  return `0x${groups.join("_")}`;
}

/** `0x1000..0x1fff (4 KiB)`: both ends included, since the last byte of 64 bits has no successor. */
export function formatRange(start: bigint, size: bigint): string {
  if (size === 0n) return `${formatAddress(start)} (empty)`;
  return `${formatAddress(start)}..${formatAddress(start + size - 1n)} (${formatSize(size)})`;
}
