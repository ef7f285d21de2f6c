import { describe, expect, test } from "vitest";
import { outputReader, parseGuestEvent } from "./channel.ts";
import { END_MARK } from "./init.ts";

const NONCE = "0123456789abcdef";

function read(text: string, sizes: number): { lines: string[]; ends: number } {
  const lines: string[] = [];
  let ends = 0;
  const reader = outputReader({
    nonce: NONCE,
    onLine: (line) => lines.push(line),
    onEnd: () => {
      ends += 1;
    },
  });
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += sizes) reader.push(bytes.subarray(at, at + sizes));
  reader.end();
  return { lines, ends };
}

describe("outputReader", () => {
  test.each([1, 2, 3, 7, 1000])("default, in chunks of %i", (sizes) => {
    const text = `{"a":1}\nzwölf\n${END_MARK}${NONCE}\n`;
    expect(read(text, sizes)).toEqual({ lines: ['{"a":1}', "zwölf"], ends: 1 });
  });

  test("behavior: the end may follow an unfinished line", () => {
    expect(read(`a\nunfinished${END_MARK}${NONCE}\n`, 5)).toEqual({
      lines: ["a", "unfinished"],
      ends: 1,
    });
  });

  test("behavior: a program cannot end its output without the nonce", () => {
    const fake = `${END_MARK}0000000000000000`;
    expect(read(`${fake}\nmore\n`, 4)).toEqual({ lines: [fake, "more"], ends: 0 });
  });

  test("behavior: nothing comes after the end", () => {
    const text = `a\n${END_MARK}${NONCE}\nlate\n${END_MARK}${NONCE}\n`;
    expect(read(text, 9)).toEqual({ lines: ["a"], ends: 1 });
  });

  test("behavior: a guest that died leaves what it wrote, without an end", () => {
    expect(read("a\nb", 1)).toEqual({ lines: ["a", "b"], ends: 0 });
  });
});

describe("parseGuestEvent", () => {
  test("default", () => {
    expect(parseGuestEvent('{"event":"stage","name":"kernel","uptime":1.98}')).toEqual({
      event: "stage",
      name: "kernel",
      uptime: 1.98,
    });
    expect(parseGuestEvent('{"event":"exit","status":139}')).toEqual({
      event: "exit",
      status: 139,
    });
    expect(parseGuestEvent('{"event":"failed","step":"s","detail":"d"}')).toMatchObject({
      step: "s",
    });
  });

  test.each([
    "",
    "noise",
    "{",
    '{"event":"exit"',
    "null",
    "[]",
    "{}",
    '{"event":"exit"}',
    '{"event":"exit","status":"0"}',
    '{"event":"stage","name":"x"}',
    '{"event":"failed","step":1,"detail":"d"}',
    '{"event":"other","status":0}',
    '[  1.0] kernel says {"event":"exit","status":0}',
  ])("behavior: %j is noise", (line) => {
    expect(parseGuestEvent(line)).toBeUndefined();
  });
});
