// Files that live in memory and can be mapped, as a tmpfs has them, below /tmp.
//
// A shared mapping shows the file's own frames; a private one has frames of its own from the start,
// which no program can tell from copying them at the first store. Cutting a file takes pages away from
// whoever maps it shared.

import { Backing, type MemoryBacking, type PinnedRun } from "../backing.ts";
import { EACCES, EINVAL } from "../errno.ts";
import type { FrameSource } from "../frame-source.ts";
import { OpenFile } from "../open-file.ts";
import type { MapMemoryRequest } from "../port-types.ts";
import { PAGE } from "../user-memory.ts";
import { type DirectoryNode, directory, type VfsNode } from "./nodes.ts";

export class MemoryFiles {
  readonly #frames: FrameSource;
  readonly #pageSize: number;
  readonly #nodes: Record<string, VfsNode> = {};

  constructor(frames: FrameSource, pageSize: number) {
    this.#frames = frames;
    this.#pageSize = pageSize;
  }

  get directory(): DirectoryNode {
    return directory(() => this.#nodes);
  }

  /** A file of zeros under /tmp. */
  create(name: string, bytes: number): MemoryFile {
    const file = new MemoryFile(this.#frames, Math.ceil(bytes / this.#pageSize), this.#pageSize);
    this.#nodes[name] = {
      type: "device",
      mode: 0o600,
      open: () => new OpenMemoryFile(`/tmp/${name}`, file),
    };
    return file;
  }

  /** The name goes; who has the file open or mapped keeps it. */
  remove(name: string): void {
    delete this.#nodes[name];
  }
}

export class MemoryFile {
  readonly frames: FrameSource;
  readonly unit: number;
  readonly backing: Backing;
  /** Pages of 4 KiB that are left of it. */
  pages: number;

  constructor(frames: FrameSource, units: number, pageSize: number) {
    this.frames = frames;
    this.unit = pageSize / PAGE;
    this.pages = units * this.unit;
    this.backing = new Backing(frames, frames.allocate(this.pages, "scattered", this.unit));
  }

  truncate(bytes: number): void {
    this.pages = Math.min(this.pages, Math.ceil(bytes / PAGE / this.unit) * this.unit);
  }

  /** Nobody needs it any more. */
  free(): void {
    this.backing.unmap();
  }
}

class OpenMemoryFile extends OpenFile {
  readonly kind = "file";
  readonly label: string;
  readonly #file: MemoryFile;

  constructor(label: string, file: MemoryFile) {
    super();
    this.label = label;
    this.#file = file;
  }

  override map(request: MapMemoryRequest): MemoryBacking | number {
    const pages = Math.ceil(request.length / PAGE);
    if (pages === 0 || request.offset !== undefined) return -EINVAL;
    if (pages > this.#file.pages) return -EACCES;
    if (request.shared !== false) return new SharedFileBacking(this.#file);
    const { frames, unit, backing } = this.#file;
    const own = new Backing(frames, frames.allocate(pages, "scattered", unit));
    own.bytes.set(backing.bytes.subarray(0, own.bytes.length));
    return own;
  }

  protected released(): void {
    // The file lives as long as its owner wants it to.
  }
}

/** The file's own pages, as far as there are any. */
class SharedFileBacking implements MemoryBacking {
  readonly isCounted = true;
  readonly #file: MemoryFile;

  constructor(file: MemoryFile) {
    this.#file = file;
  }

  get bytes(): Uint8Array {
    return this.#file.backing.bytes;
  }

  get pins(): number {
    return this.#file.backing.pins;
  }

  pin(page: number, most: number): PinnedRun | undefined {
    const left = this.#file.pages - page;
    return left <= 0 ? undefined : this.#file.backing.pin(page, Math.min(most, left));
  }

  unpin(frames: number): void {
    this.#file.backing.unpin(frames);
  }

  unmap(): void {
    // The file keeps its pages.
  }
}
