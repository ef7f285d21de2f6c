// A BAR that a process mapped: its address for Type1, and an open file for as long as it is mapped.
//
// type1.md 2.4 and 5.5. The bytes are memory of the process's own: nothing in JavaScript sees a load
// or a store of an array, so registers do not answer through them. Programs that drive a simulated
// device use pread and pwrite.

import type { MemoryBacking, PinnedRun } from "./backing.ts";
import { EINVAL } from "./errno.ts";
import type { MapMemoryRequest } from "./port-types.ts";
import { PAGE } from "./user-memory.ts";
import type { VfioDevice } from "./vfio-device.ts";
import { BARS, REGION_SHIFT } from "./vfio-region-io.ts";

/** Keeps the device's file open. */
interface HeldFile {
  hold(): unknown;
  drop(): void;
}

/** Whether a BAR may be mapped at all: memory, and of at least a page. */
export function isMappable(device: VfioDevice, region: number): boolean {
  const bar = device.pci.function.bars[region];
  return bar !== undefined && bar.kind === "memory" && bar.length >= PAGE;
}

/** mmap of a device file: shared, a mappable BAR, inside its length. */
export function mapBar(
  device: VfioDevice,
  file: HeldFile,
  request: MapMemoryRequest,
): MemoryBacking | number {
  const offset = request.offset ?? 0n;
  const region = Number(offset >> REGION_SHIFT);
  const start = Number(offset & ((1n << REGION_SHIFT) - 1n));
  if (request.shared === false || region >= BARS || !isMappable(device, region)) return -EINVAL;
  const length = Math.ceil(request.length / PAGE) * PAGE;
  const size = device.pci.function.bars[region]?.length ?? 0;
  if (start % PAGE !== 0 || length === 0 || start + length > size) return -EINVAL;
  return new BarBacking(device, file, { region, start, length });
}

class BarBacking implements MemoryBacking {
  readonly bytes: Uint8Array;
  readonly isCounted = false;
  readonly #device: VfioDevice;
  readonly #file: HeldFile;
  readonly #firstFrame: number;
  #pins = 0;

  constructor(
    device: VfioDevice,
    file: HeldFile,
    place: { readonly region: number; readonly start: number; readonly length: number },
  ) {
    this.bytes = new Uint8Array(place.length);
    this.#device = device;
    this.#file = file;
    this.#firstFrame = (device.barAddress(place.region) + place.start) / PAGE;
    file.hold();
  }

  get pins(): number {
    return this.#pins;
  }

  /** A page of a BAR can be faulted in only while the device decodes memory. */
  pin(page: number, most: number): PinnedRun | undefined {
    if (!this.#device.config.memoryEnabled || this.#device.power.isLow) return undefined;
    this.#pins += most;
    return { backing: this, frame: this.#firstFrame + page, frames: most };
  }

  unpin(frames: number): void {
    this.#pins -= frames;
  }

  unmap(): void {
    this.#file.drop();
  }
}
