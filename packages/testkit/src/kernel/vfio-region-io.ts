// pread and pwrite on a device file: offset to region, bounds, and the accesses that result.
//
// type1.md 5.5. The region's index stands in the bits above 40; an access is split into naturally
// aligned pieces, since that is what the kernel puts on the bus.

import { EFAULT, EINVAL, EIO } from "./errno.ts";
import type { VfioDevice } from "./vfio-device.ts";

export const REGION_SHIFT = 40n;
export const REGIONS = 9;
export const BARS = 6;
export const CONFIG_REGION = 7;

type Direction = "read" | "write";

/** Bytes moved, or -errno. `bytes` is the destination of a read and the source of a write. */
export function accessRegion(
  device: VfioDevice,
  direction: Direction,
  bytes: Uint8Array,
  position: bigint,
): number {
  if (position < 0n) return -EINVAL;
  const region = Number(position >> REGION_SHIFT);
  const offset = Number(position & ((1n << REGION_SHIFT) - 1n));
  if (region >= REGIONS) return -EINVAL;
  if (bytes.length === 0) return 0;
  if (region < BARS) return accessBar(device, direction, bytes, { region, offset });
  return region === CONFIG_REGION ? accessConfig(device, direction, bytes, offset) : -EINVAL;
}

function accessConfig(
  device: VfioDevice,
  direction: Direction,
  bytes: Uint8Array,
  offset: number,
): number {
  if (offset + bytes.length > device.pci.function.configSize) return -EFAULT;
  return direction === "read"
    ? device.config.read(offset, bytes)
    : device.config.write(offset, bytes);
}

function accessBar(
  device: VfioDevice,
  direction: Direction,
  bytes: Uint8Array,
  at: { readonly region: number; readonly offset: number },
): number {
  const bar = device.pci.function.bars[at.region];
  if (bar === undefined || at.offset >= bar.length) return -EINVAL;
  if (bar.kind === "memory" && !device.config.memoryEnabled) return -EIO;
  const count = Math.min(bytes.length, bar.length - at.offset);
  for (let done = 0; done < count; ) {
    const width = accessWidth(at.offset + done, count - done);
    const piece = bytes.subarray(done, done + width);
    if (direction === "read") device.pci.function.readBar(at.region, at.offset + done, piece);
    else device.pci.function.writeBar(at.region, at.offset + done, piece);
    done += width;
  }
  return count;
}

/** The widest naturally aligned access that starts here. */
function accessWidth(offset: number, left: number): number {
  for (const width of [8, 4, 2]) if (left >= width && offset % width === 0) return width;
  return 1;
}
