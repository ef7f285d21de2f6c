// Joins segments that are neighbours in host memory, so that a contiguous run is one kernel call.

import { bytes, hostAddress, hostPlus } from "../address/address.ts";
import type { HostSegment } from "../contract/dma-path.ts";
import { IommuError } from "../errors/base.ts";
import { badOption } from "../errors/options.ts";

/** The fewest segments that say the same. Valid errors: `zero-size`, `invalid-address`. */
export function coalesce(segments: readonly HostSegment[]): readonly HostSegment[] {
  if (!Array.isArray(segments)) throw badOption("mapSegments", "segments are an array");
  const runs: HostSegment[] = [];
  for (const segment of segments) {
    if (segment === null || typeof segment !== "object")
      throw badOption("mapSegments", "a segment is { host, size }");
    const host = hostAddress(segment.host);
    const size = bytes(segment.size);
    if (size === 0n) throw noBytes("a segment of zero bytes");
    const last = runs.at(-1);
    if (last !== undefined && last.host + last.size === host)
      runs[runs.length - 1] = { host: last.host, size: bytes(last.size + size) };
    else runs.push({ host, size });
    hostPlus(host, size - 1n);
  }
  if (runs.length === 0) throw noBytes("no segment");
  return runs;
}

function noBytes(what: string): IommuError {
  return new IommuError({
    code: "zero-size",
    operation: "mapSegments",
    sentence: `mapSegments refused: ${what}`,
  });
}
