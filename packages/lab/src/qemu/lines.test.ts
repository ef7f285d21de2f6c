import { describe, expect, test } from "vitest";
import { lineReader } from "./lines.ts";

function read(chunks: readonly Uint8Array[]): string[] {
  const lines: string[] = [];
  const reader = lineReader((line) => lines.push(line));
  for (const chunk of chunks) reader.push(chunk);
  reader.end();
  return lines;
}

const bytes = (text: string): Buffer => Buffer.from(text);

describe("lineReader", () => {
  test("default", () => {
    expect(read([bytes("one\ntwo\n")])).toEqual(["one", "two"]);
  });

  test("behavior: an unfinished line is the last one", () => {
    expect(read([bytes("one\ntwo")])).toEqual(["one", "two"]);
  });

  test("behavior: empty lines count, an empty stream has none", () => {
    expect(read([bytes("\n\na\n")])).toEqual(["", "", "a"]);
    expect(read([])).toEqual([]);
  });

  test("behavior: a serial console's carriage returns go", () => {
    expect(read([bytes("one\r\ntwo\r")])).toEqual(["one", "two"]);
    expect(read([bytes("a\rb\n")])).toEqual(["a\rb"]);
  });

  test("behavior: chunks may be cut anywhere, also inside a character", () => {
    const text = bytes("größe €\r\n🜚 done\n");
    for (let cut = 0; cut <= text.length; cut += 1) {
      expect(read([text.subarray(0, cut), text.subarray(cut)])).toEqual(["größe €", "🜚 done"]);
    }
    expect(read([...text].map((byte) => Uint8Array.of(byte)))).toEqual(["größe €", "🜚 done"]);
  });

  test("behavior: the time for a long line grows with its length, not with the square", () => {
    // The square takes more than a minute, this about a second.
    const started = performance.now();
    const [line] = read([...Array(1024).fill(Buffer.alloc(64 * 1024, "x")), bytes("\n")]);
    expect(line).toHaveLength(64 * 1024 * 1024);
    expect(performance.now() - started).toBeLessThan(20_000);
  });

  test("behavior: a line may span many chunks", () => {
    expect(read([...Array(1000).fill(bytes("x")), bytes("\n")])).toEqual(["x".repeat(1000)]);
  });
});
