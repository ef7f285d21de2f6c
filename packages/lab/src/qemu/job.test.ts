import { execFileSync } from "node:child_process";
import { readlinkSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { temporaryFolder } from "../../test/programs.ts";
import { INIT_SCRIPT } from "./init.ts";
import { jobArchive, jobScript } from "./job.ts";

/** Lets a shell read the script as the guest's would, and returns the words of its command. */
function words(script: string): string[] {
  const listing = script.replace("exec ", "printf '%s\\0' ");
  return execFileSync("/bin/sh", ["-s"], { input: listing }).toString().split("\0").slice(0, -1);
}

const job = { nonce: "n0", env: { A: "1" }, command: ["/usr/bin/node", "/p.mjs", "x"] };

describe("jobScript", () => {
  test("default", () => {
    expect(words(jobScript(job))).toEqual([
      ...["/bin/busybox", "env", "-i", "A=1"],
      ...["/bin/busybox", "chroot", "/root"],
      ...["/usr/bin/node", "/p.mjs", "x"],
    ]);
  });

  test.each(["", " ", "it's", "'", "''\\''", '$HOME `id` "q"', "a\nb", "*", "\\", "-n", "ü€"])(
    "behavior: %j arrives unchanged",
    (word) => {
      const script = jobScript({ ...job, command: ["/n", word, "end"], env: { E: word } });
      expect(words(script).slice(-2)).toEqual([word, "end"]);
      expect(words(script)).toContain(`E=${word}`);
    },
  );
});

test("default: links are made before, whatever their names", () => {
  const folder = temporaryFolder();
  const links = new Map([["/a b/it's", "/to/'x'"]]);
  // What stands for busybox and for the guest's root, on this machine.
  const script = jobScript({ ...job, links })
    .replaceAll("/bin/busybox ", "")
    .replaceAll("/root/", `${folder}/`)
    .replace(/^exec .*$/m, "");
  execFileSync("/bin/sh", ["-s"], { input: script });
  expect(readlinkSync(join(folder, "a b/it's"))).toBe("/to/'x'");
});

test("jobArchive: script and nonce", () => {
  const text = jobArchive(job).toString("latin1");
  expect(text).toContain(jobScript(job));
  expect(text).toContain("n0\n");
});

describe("the guest's first program", () => {
  test("is a valid shell script", () => {
    execFileSync("/bin/sh", ["-n"], { input: INIT_SCRIPT });
  });

  test("uses nothing but busybox", () => {
    expect(INIT_SCRIPT.startsWith("#!/bin/busybox sh\n")).toBe(true);
    expect(INIT_SCRIPT).not.toMatch(/^\s*(mount|cat|insmod|sleep|mkdir|readlink)\b/m);
  });

  test("quotes what goes into a report", () => {
    const [, quote = ""] = /^quote\(\) \{ echo "\$1" \| b (.*); \}$/m.exec(INIT_SCRIPT) ?? [];
    const input = 'a "b" \\ \t c';
    expect(execFileSync("/bin/sh", ["-c", quote], { input }).toString()).toBe("a 'b' /   c");
  });
});
