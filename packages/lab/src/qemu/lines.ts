/**
 * Cuts a stream of bytes into lines, whatever the chunk boundaries.
 *
 * A line is what stands before "\n"; a "\r" before it goes too, since serial consoles send it.
 * Characters of several bytes may be split between chunks: bytes become text a whole line at a
 * time, and each byte is looked at once, however many chunks a line spans.
 */

export interface LineReader {
  readonly push: (chunk: Uint8Array) => void;
  /** The stream ended: what is left, if anything, is the last line. */
  readonly end: () => void;
}

const NEWLINE = 0x0a;

export function lineReader(onLine: (line: string) => void): LineReader {
  /** Chunks of the line that has not ended yet. */
  let pending: Uint8Array[] = [];
  const emit = (bytes: Uint8Array): void => {
    for (const line of textOf(bytes).split("\n")) onLine(withoutReturn(line));
  };
  const push = (chunk: Uint8Array): void => {
    const end = chunk.lastIndexOf(NEWLINE);
    if (end < 0) return void pending.push(chunk);
    const whole = chunk.subarray(0, end);
    const lines = pending.length === 0 ? whole : Buffer.concat([...pending, whole]);
    const rest = chunk.subarray(end + 1);
    pending = rest.length === 0 ? [] : [rest];
    emit(lines);
  };
  return {
    push,
    end: () => {
      const rest = Buffer.concat(pending);
      pending = [];
      if (rest.length > 0) emit(rest);
    },
  };
}

function textOf({ buffer, byteOffset, byteLength }: Uint8Array): string {
  return Buffer.from(buffer, byteOffset, byteLength).toString("utf8");
}

function withoutReturn(line: string): string {
  return line.endsWith("\r") ? line.slice(0, -1) : line;
}
