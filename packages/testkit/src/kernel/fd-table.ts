// The descriptors of one process: lowest free number, as POSIX demands.
//
// 0, 1 and 2 are taken, as in any program. There is no dup at the port; a fork shares open files.

import { EBADF, EMFILE } from "./errno.ts";
import type { OpenFile } from "./open-file.ts";

const FIRST = 3;

export interface OpenDescriptor {
  readonly fd: number;
  readonly kind: string;
  readonly label: string;
}

export class FdTable {
  readonly #files = new Map<number, OpenFile>();
  readonly #limit: number;

  /** `limit` is RLIMIT_NOFILE: one more than the highest number that may be used. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  get(fd: number): OpenFile | undefined {
    return this.#files.get(fd);
  }

  /** Whether one more descriptor could be made: drivers ask before they change anything. */
  hasRoom(): boolean {
    return this.#lowestFree() < this.#limit;
  }

  /** A new descriptor for a file whose reference it takes over, or -EMFILE. */
  install(file: OpenFile): number {
    const fd = this.#lowestFree();
    if (fd >= this.#limit) return -EMFILE;
    this.#files.set(fd, file);
    return fd;
  }

  close(fd: number): number {
    const file = this.#files.get(fd);
    if (file === undefined) return -EBADF;
    this.#files.delete(fd);
    file.drop();
    return 0;
  }

  /** What a fork copies: the same files under the same numbers. */
  shareWith(child: FdTable): void {
    for (const [fd, file] of this.#files) child.#files.set(fd, file.hold());
  }

  closeAll(): void {
    for (const fd of [...this.#files.keys()].sort((a, b) => a - b)) this.close(fd);
  }

  /** What is still open, for leak reports. */
  report(): readonly OpenDescriptor[] {
    return [...this.#files]
      .sort(([a], [b]) => a - b)
      .map(([fd, file]) => ({ fd, kind: file.kind, label: file.label }));
  }

  #lowestFree(): number {
    let fd = FIRST;
    while (this.#files.has(fd)) fd += 1;
    return fd;
  }
}
