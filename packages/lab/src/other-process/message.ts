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

const POLL_MS = 2;
const cell = new Int32Array(new SharedArrayBuffer(4));

/** Waits a moment for the other side. */
export function pause(): void {
  Atomics.wait(cell, 0, 0, POLL_MS);
}
