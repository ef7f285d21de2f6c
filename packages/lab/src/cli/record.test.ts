import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { PROGRAMS, programFile } from "../../test/programs.ts";
import { recordingTerminal } from "../../test/recording-terminal.ts";
import { runCommandLine } from "./command-line.ts";

const OPENS = `export default ({ port }) => void port.close(port.open("/dev/vfio/vfio", "rw"));`;

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "iommukit-test-"));
});

afterEach(() => rm(folder, { recursive: true }));

async function iommukit(...words: string[]) {
  const terminal = recordingTerminal();
  const { signal } = new AbortController();
  return { status: await runCommandLine({ words, version: "1", terminal, signal }), terminal };
}

async function recording(): Promise<string> {
  const [program, file] = [join(folder, "program.mjs"), join(folder, "program.jsonl")];
  await writeFile(program, OPENS);
  const { status, terminal } = await iommukit(
    ...["record", program, "--on", "sim/vtd", "--out", file],
  );
  expect([status, terminal.errors()]).toEqual([0, `2 calls recorded in ${file}\n`]);
  return file;
}

test("default: what is recorded on one machine is replayed on another", async () => {
  const file = await recording();
  const { status, terminal } = await iommukit("replay", file, "--on", "sim/amdvi");
  expect([status, terminal.output()]).toEqual([
    0,
    "sim/amdvi: 2 calls, all answered as recorded\n",
  ]);
});

test("default: the recording is printed where no file is named", async () => {
  const program = join(folder, "program.mjs");
  await writeFile(program, OPENS);
  const { terminal } = await iommukit("record", program, "--on", "sim/vtd");
  expect(terminal.jsonLines()).toMatchObject([
    { iommukitRecording: 1, target: "sim/vtd" },
    { call: "open", result: "f0" },
    { call: "close", fd: "f0", result: 0 },
  ]);
});

test("behavior: another answer is shown with the recorded one, status 1", async () => {
  const file = await recording();
  await writeFile(file, (await readFile(file, "utf8")).replace('"result":0', '"result":-5'));
  const people = await iommukit("replay", file, "--on", "sim/vtd");
  expect(people.status).toBe(1);
  expect(people.terminal.output()).toMatch(/^call 1\n {2}recorded .*-5}\n {2}replayed .*0}\n/);
  const { terminal } = await iommukit("replay", file, "--on", "sim/vtd", "--json");
  expect(terminal.jsonLines()).toMatchObject([
    { target: "sim/vtd", calls: 2, mismatches: [{ at: 1, recorded: { result: -5 } }] },
  ]);
});

test("error: a program that throws leaves no recording", async () => {
  const { status, terminal } = await iommukit(
    ...["record", programFile(PROGRAMS.throwsPlain), "--on", "sim/vtd", "--json"],
  );
  expect(status).toBe(1);
  expect(terminal.jsonLines()).toMatchObject([{ error: { code: "program-threw" } }]);
});

test.each([
  [["record", "x.ts"], "record needs --on TARGET"],
  [["record", "x.ts", "--on", "sim/none"], 'there is no target "sim/none"'],
  [["replay", "/nowhere.jsonl", "--on", "sim/vtd"], "/nowhere.jsonl cannot be read"],
])("error: %j", async (words, message) => {
  const { status, terminal } = await iommukit(...words);
  expect(status).toBe(2);
  expect(terminal.errors()).toContain(message);
});
