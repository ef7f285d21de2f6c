/**
 * Cuts a stream of bytes into lines, whatever the chunk boundaries.
 *
 * A line is what stands before "\n"; a "\r" before it goes too, since serial consoles send it.
 * Characters of several bytes may be split between chunks.
 */

import { StringDecoder } from "node:string_decoder";

export interface LineReader {
  readonly push: (chunk: Uint8Array) => void;
  /** The stream ended: what is left, if anything, is the last line. */
  readonly end: () => void;
}

export function lineReader(onLine: (line: string) => void): LineReader {
  const decoder = new StringDecoder("utf8");
  let rest = "";
  const take = (text: string): void => {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) onLine(withoutReturn(line));
  };
  return {
    push: (chunk) => take(decoder.write(chunk)),
    end: () => {
      take(decoder.end());
      if (rest !== "") onLine(withoutReturn(rest));
      rest = "";
    },
  };
}

function withoutReturn(line: string): string {
  return line.endsWith("\r") ? line.slice(0, -1) : line;
}
