import { fc, test as property } from "@fast-check/vitest";
import { expect, test } from "vitest";
import { decodeLine, encodeMessage, type RunnerMessage } from "./message.ts";

const NONCE = "0123abcd";

function line(message: RunnerMessage, nonce = NONCE): string {
  return encodeMessage(nonce, message).trimEnd();
}

test.each<RunnerMessage>([
  { type: "stage", name: "running" },
  { type: "fact", fact: { text: "line\nend \u0002", deep: { a: [1, null] } } },
  { type: "failed", phase: "program", error: { code: "x", message: "y", hint: "z" } },
  { type: "done" },
])("default: $type arrives as it was sent, in one line", (message) => {
  expect(encodeMessage(NONCE, message).indexOf("\n")).toBe(
    encodeMessage(NONCE, message).length - 1,
  );
  expect(decodeLine(NONCE, line(message))).toEqual({ text: "", message });
});

test("behavior: an unfinished line before a message is kept", () => {
  expect(decodeLine(NONCE, `half${line({ type: "done" })}`)).toEqual({
    text: "half",
    message: { type: "done" },
  });
});

test.each([
  "plain text",
  "",
  '{"type":"done"}',
  line({ type: "done" }, "another"),
  `\u0002${NONCE} {`,
  `\u0002${NONCE} null`,
  `\u0002${NONCE} {"type":"fact","fact":[]}`,
  `\u0002${NONCE} {"type":"fact"}`,
  `\u0002${NONCE} {"type":"stage","name":1}`,
  `\u0002${NONCE} {"type":"failed","phase":"program","error":{"code":"x"}}`,
  `\u0002${NONCE} {"type":"other"}`,
])("behavior: %j is the program's own output", (text) => {
  expect(decodeLine(NONCE, text)).toEqual({ text });
});

property.prop([fc.string()])("behavior: no text without the nonce is a message", (text) => {
  expect(decodeLine(NONCE, text)).toEqual({ text });
});
