import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { recordingTerminal } from "../../test/recording-terminal.ts";
import { runCommandLine } from "./command-line.ts";

async function differ(...words: string[]) {
  const terminal = recordingTerminal();
  const { signal } = new AbortController();
  const line = { words: ["differ", ...words], version: "1", terminal, signal };
  return { status: await runCommandLine(line), terminal };
}

test("default: one object with --json, status 0", async () => {
  const { status, terminal } = await differ("--on", "sim/vtd", "--sequences", "20", "--json");
  expect(status).toBe(0);
  expect(terminal.jsonLines()).toMatchObject([
    { target: "sim/vtd", sequences: 20, divergences: [], seed: 1, first: 0 },
  ]);
});

test("default: words for people", async () => {
  const { status, terminal } = await differ("--on", "sim/amdvi", "--sequences", "3", "--seed", "9");
  expect(status).toBe(0);
  expect(terminal.output()).toMatch(/^sim\/amdvi: 3 sequences, \d+ operations, no divergence/);
});

describe("--sequence", () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "iommukit-test-"));
  });

  afterEach(() => rm(folder, { recursive: true }));

  test("default: shows what every call of the file did", async () => {
    const file = join(folder, "case.json");
    await writeFile(file, '[{"op":"open","into":"c0","node":"container"}]');
    const { status, terminal } = await differ("--on", "sim/virtio-iommu", "--sequence", file);
    expect(status).toBe(0);
    expect(terminal.output()).toContain("0  open into c0 node container  fd\n");
  });

  test("error: a file that is no sequence", async () => {
    const file = join(folder, "case.json");
    await writeFile(file, "[1]");
    const { status, terminal } = await differ("--on", "sim/vtd", "--sequence", file, "--json");
    expect(status).toBe(1);
    expect(terminal.jsonLines()).toMatchObject([{ error: { code: "file-invalid" } }]);
  });
});

test.each([
  [[], "differ needs --on TARGET"],
  [["--on", "qemu/none"], 'differ does not know a target "qemu/none"'],
  [["--on", "host"], "not on host"],
  [["--on", "sim/vtd", "--sequences", "0"], "--sequences 0"],
])("error: %j", async (words, message) => {
  const { status, terminal } = await differ(...words);
  expect(status).toBe(2);
  expect(terminal.errors()).toContain(message);
});
