import { closeSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { temporaryFolder } from "../../test/programs.ts";
import { decodeLine } from "./message.ts";
import { createSend } from "./send.ts";

test("default: what was sent is written when send returns, whole and in order", () => {
  const file = join(temporaryFolder(), "messages");
  const fd = openSync(file, "w");
  const send = createSend("n", fd);
  const long = "x".repeat(200_000);
  send({ type: "fact", fact: { long } });
  send({ type: "done" });
  const lines = readFileSync(file, "utf8").split("\n");
  expect(lines.map((line) => decodeLine("n", line).message)).toEqual([
    { type: "fact", fact: { long } },
    { type: "done" },
    undefined,
  ]);
  closeSync(fd);
  expect(() => send({ type: "done" })).toThrow(expect.objectContaining({ code: "EBADF" }));
});
