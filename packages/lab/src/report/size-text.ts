// Sizes for people, to one decimal: what is exact is too long to read.

const UNITS = ["bytes", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"] as const;

export function sizeText(size: number | bigint): string {
  // A double is exact enough for one decimal.
  let value = Number(size);
  let unit = 0;
  for (; value >= 1024 && unit < UNITS.length - 1; unit++) value /= 1024;
  return `${unit === 0 ? value : value.toFixed(1).replace(/\.0$/, "")} ${UNITS[unit] ?? ""}`;
}
