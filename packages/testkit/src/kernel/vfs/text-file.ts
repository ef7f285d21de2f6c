// Open files of sysfs and proc: their text, or their bytes, at an offset.

import { EACCES } from "../errno.ts";
import { OpenFile } from "../open-file.ts";
import type { Process } from "../process.ts";
import type { BytesNode, TextNode } from "./nodes.ts";

export class TextFile extends OpenFile {
  readonly kind = "file";
  readonly label: string;
  readonly #node: TextNode;
  readonly #process: Process;

  constructor(path: string, node: TextNode, process: Process) {
    super();
    this.label = path;
    this.#node = node;
    this.#process = process;
  }

  override readAt(into: Uint8Array, offset: bigint): number {
    const bytes = latin1(this.#node.read?.(this.#process) ?? "").subarray(Number(offset));
    const count = Math.min(bytes.length, into.length);
    into.set(bytes.subarray(0, count));
    return count;
  }

  override writeAt(from: Uint8Array): number {
    return this.#node.write?.(String.fromCharCode(...from)) ?? -EACCES;
  }

  protected released(): void {
    // A text has no state of its own.
  }
}

export class BytesFile extends OpenFile {
  readonly kind = "file";
  readonly label: string;
  readonly #node: BytesNode;
  readonly #process: Process;

  constructor(path: string, node: BytesNode, process: Process) {
    super();
    this.label = path;
    this.#node = node;
    this.#process = process;
  }

  override readAt(into: Uint8Array, offset: bigint): number {
    return this.#node.read(into, Number(offset), this.#process);
  }

  override writeAt(from: Uint8Array, offset: bigint): number {
    return this.#node.write(from, Number(offset));
  }

  protected released(): void {
    // The bytes are the device's.
  }
}

/** /dev/null, which is neither a container nor a group. */
export class NullFile extends OpenFile {
  readonly kind = "file";
  readonly label = "/dev/null";

  override readAt(): number {
    return 0;
  }

  override writeAt(from: Uint8Array): number {
    return from.length;
  }

  protected released(): void {
    // Nothing is kept.
  }
}

function latin1(value: string): Uint8Array {
  return Uint8Array.from(value, (character) => character.charCodeAt(0));
}
