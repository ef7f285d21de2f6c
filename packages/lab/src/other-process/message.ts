// What two processes say to each other: one line of JSON for a question, one for its answer.
//
// Bytes are hexadecimal digits and addresses decimal ones, because JSON has neither.

/** One call that the other process makes. */
export type Question =
  | {
      readonly call: "ioctl";
      readonly fd: number;
      readonly request: number;
      /** A number goes in the argument register; digits are a buffer's bytes. */
      readonly argument: number | string;
    }
  | {
      readonly call: "mapMemory";
      readonly length: number;
      readonly protection: "none" | "read" | "write" | "read-write";
    }
  | { readonly call: "unmapMemory"; readonly address: string }
  | { readonly call: "readText"; readonly path: string }
  | { readonly call: "exit" };

/** What the call answered. */
export interface Answer {
  /** The port's own answer: a result, -errno or a text; 0 when memory was mapped. */
  readonly result: number | string;
  /** The ioctl's buffer afterwards. */
  readonly bytes?: string;
  /** Where the memory is. */
  readonly address?: string;
}

export function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}

export function fromHex(digits: string): Uint8Array {
  return new Uint8Array(Buffer.from(digits, "hex"));
}

const SHORTEST_MS = 2;
const LONGEST_MS = 25;
const cell = new Int32Array(new SharedArrayBuffer(4));

/**
 * Waits a moment for the other side: longer, the more often there was nothing. Both sides share the one
 * processor of an emulated machine, and to look costs the side that works its time.
 */
export function pause(looks: number): void {
  Atomics.wait(cell, 0, 0, Math.min(SHORTEST_MS + looks, LONGEST_MS));
}
