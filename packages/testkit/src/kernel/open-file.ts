// An open file description: what a descriptor points to, shared by forks, released with the last.
//
// Devices keep the file of their group open, so a file may outlive every descriptor.

import type { MemoryBacking } from "./backing.ts";
import type { FileKind } from "./decode/commands.ts";
import { EINVAL, ENODEV, ENOTTY } from "./errno.ts";
import type { MapMemoryRequest } from "./port-types.ts";
import type { Process } from "./process.ts";
import type { UserPointer } from "./user-copy.ts";

/** One ioctl as a file gets it. */
export interface IoctlCall {
  readonly process: Process;
  /** The request as it came, and its VFIO command number (or `NOT_VFIO`). */
  readonly request: number;
  readonly command: number;
  readonly argument: UserPointer;
}

export abstract class OpenFile {
  abstract readonly kind: FileKind;
  /** The path or a name, for leak reports and traces. */
  abstract readonly label: string;
  #references = 1;
  #position = 0n;

  get references(): number {
    return this.#references;
  }

  /** Another descriptor or a driver holds the file (fget). */
  hold(): this {
    this.#references += 1;
    return this;
  }

  /** One holder less; the last one releases the file (fput). */
  drop(): void {
    this.#references -= 1;
    if (this.#references === 0) this.released();
  }

  /** The name of a command where the header's own would be wrong; undefined elsewhere. */
  commandName(_command: number): string | undefined {
    return undefined;
  }

  ioctl(_call: IoctlCall): number {
    return -ENOTTY;
  }

  /** read(2): where the last one ended, for all who share the file. */
  read(into: Uint8Array): number {
    const count = this.readAt(into, this.#position);
    if (count > 0) this.#position += BigInt(count);
    return count;
  }

  readAt(_into: Uint8Array, _offset: bigint): number {
    return -EINVAL;
  }

  writeAt(_from: Uint8Array, _offset: bigint): number {
    return -EINVAL;
  }

  /** mmap: what stands behind the new area, or -errno. */
  map(_request: MapMemoryRequest): MemoryBacking | number {
    return -ENODEV;
  }

  protected abstract released(): void;
}
