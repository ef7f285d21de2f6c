// Sizes and addresses as people write them: 512M, 1.5G, 512M+2K, 0x2000_0000, 4096.

import { LabError } from "../errors.ts";

const UNITS: Readonly<Record<string, bigint>> = {
  "": 1n,
  K: 1n << 10n,
  M: 1n << 20n,
  G: 1n << 30n,
  T: 1n << 40n,
};
const LIMIT = 1n << 64n;

/** A number of bytes below 2^64. Valid errors: `invalid-option`. */
export function parseSize(option: string, text: string): bigint {
  const parts = text.split("+").map(parsePart);
  const total = parts.reduce<bigint>((sum, part) => sum + (part ?? LIMIT), 0n);
  if (total < LIMIT) return total;
  throw new LabError("invalid-option", `--${option} ${text} is not a number of bytes`, {
    hint: "such as 4096, 4K, 1.5G, 512M+2K or 0x20000000, below 2^64",
  });
}

function parsePart(text: string): bigint | undefined {
  if (/^0x[0-9a-f_]{1,20}$/i.test(text)) return BigInt(text.replaceAll("_", ""));
  const match = /^(\d{1,20})(?:\.(\d{1,9}))?([KMGT]?)(?:iB)?$/i.exec(text);
  if (match === null) return undefined;
  const [, whole = "", fraction = "", unit = ""] = match;
  const scale = 10n ** BigInt(fraction.length);
  const scaled = BigInt(whole + fraction) * (UNITS[unit.toUpperCase()] ?? 1n);
  return scaled % scale === 0n ? scaled / scale : undefined;
}
