import { describe, expect, test } from "vitest";
import { PROGRAMS, programFile } from "../../test/programs.ts";
import { type RecordingTerminal, recordingTerminal } from "../../test/recording-terminal.ts";
import { SIMULATED } from "../sim/names.ts";
import { runCommandLine } from "./command-line.ts";

interface Result {
  readonly status: number;
  readonly terminal: RecordingTerminal;
}

async function iommukit(...words: string[]): Promise<Result> {
  const terminal = recordingTerminal();
  const { signal } = new AbortController();
  return { status: await runCommandLine({ words, version: "1", terminal, signal }), terminal };
}

describe("run", () => {
  test("default: facts and ends as JSON lines, status 0", async () => {
    const { status, terminal } = await iommukit(
      "run",
      programFile(PROGRAMS.ok),
      "--on",
      "sim/vtd,sim/amdvi",
      "--json",
    );
    expect(status).toBe(0);
    expect(terminal.jsonLines()).toEqual([
      { target: "sim/vtd", fact: { target: "sim/vtd" } },
      { target: "sim/vtd", done: true, ok: true, seconds: expect.any(Number) },
      { target: "sim/amdvi", fact: { target: "sim/amdvi" } },
      { target: "sim/amdvi", done: true, ok: true, seconds: expect.any(Number) },
    ]);
    expect(terminal.errors()).toBe("");
  });

  test("behavior: noise goes to standard error, marked with its target", async () => {
    const { terminal } = await iommukit(
      "run",
      programFile(PROGRAMS.noise),
      "--on",
      "sim/vtd",
      "--json",
    );
    expect(terminal.jsonLines()).toHaveLength(2);
    expect(terminal.errors().split("\n")).toContain("[sim/vtd] to the log");
  });

  test("error: a program that fails is status 1", async () => {
    const { status, terminal } = await iommukit(
      "run",
      programFile(PROGRAMS.throwsIommu),
      "--on",
      "sim/vtd",
      "--json",
    );
    expect(status).toBe(1);
    expect(terminal.jsonLines()).toMatchObject([
      {
        target: "sim/vtd",
        done: true,
        ok: false,
        error: { code: "invalid-address", hint: expect.any(String) },
      },
    ]);
  });

  test("behavior: for people, the error has code, place and hint, and no stack", async () => {
    const { terminal } = await iommukit(
      "run",
      programFile(PROGRAMS.throwsIommu),
      "--on",
      "sim/vtd",
    );
    expect(terminal.output()).toMatch(/error: IOVA -1 is negative \[invalid-address\]/);
    expect(terminal.output()).toMatch(/at .*program\.ts:3:\d+/);
    expect(terminal.output()).toMatch(/hint: /);
    expect(terminal.output()).not.toMatch(/^\S+\s+at \S+ \(/m);
  });
});

describe("error: what is wrong before anything runs", () => {
  const file = (): string => programFile(PROGRAMS.ok);
  test.each<[string, () => string[], number, string]>([
    ["an unknown command", () => ["nope"], 2, "unknown-command"],
    ["an unknown option", () => ["demo", "--nope"], 2, "unknown-option"],
    ["no target", () => ["run", file()], 2, "invalid-option"],
    ["an unknown target", () => ["run", file(), "--on", "sim/vtd,sim/x"], 2, "unknown-target"],
    ["an empty target", () => ["run", file(), "--on", "sim/vtd,"], 2, "invalid-option"],
    [
      "a bad timeout",
      () => ["run", file(), "--on", "sim/vtd", "--timeout", "soon"],
      2,
      "invalid-option",
    ],
    ["a bad seed", () => ["run", file(), "--on", "sim/vtd", "--seed", "1.5"], 2, "invalid-option"],
    [
      "a kernel without modules",
      () => ["run", file(), "--on", "qemu/vtd", "--kernel", "/k"],
      2,
      "invalid-option",
    ],
    [
      "modules without a kernel",
      () => ["setup", "qemu/vtd", "--modules", "/m"],
      2,
      "invalid-option",
    ],
    [
      "arguments for QEMU where there is none",
      () => ["run", file(), "--on", "sim/pseries", "--qemu=-m 4096"],
      2,
      "invalid-option",
    ],
    [
      "the same as a word of its own",
      () => ["run", file(), "--on", "sim/pseries", "--qemu", "-m 4096"],
      2,
      "invalid-option",
    ],
    ["an unknown clock", () => ["bench", "translate", "--clock", "sun"], 2, "invalid-option"],
    [
      "a simulator's instructions",
      () => ["bench", "translate", "--clock", "instructions"],
      2,
      "invalid-option",
    ],
    [
      "instructions of a machine that cannot count them",
      () => ["bench", "map-unmap-4k-power", "--clock", "instructions"],
      2,
      "invalid-option",
    ],
    ["a missing file", () => ["run", `${file()}.not.ts`, "--on", "sim/vtd"], 2, "file-unreadable"],
    [
      "a file of another kind",
      () => ["run", programFile("", "p.txt"), "--on", "sim/vtd"],
      2,
      "file-kind",
    ],
    [
      "a file without a program",
      () => ["run", programFile(""), "--on", "sim/vtd"],
      1,
      "no-default-export",
    ],
    [
      "a file that does not compile",
      () => ["run", programFile("("), "--on", "sim/vtd"],
      1,
      "file-invalid",
    ],
    ["an unknown target to set up", () => ["setup", "qemu/x"], 2, "unknown-target"],
    ["no architecture", () => ["abi"], 2, "invalid-option"],
    ["an unknown architecture", () => ["abi", "--arch", "x86"], 2, "invalid-option"],
  ])("%s: one error, with code and hint where one is known", async (_what, words, status, code) => {
    const given = words();
    const people = await iommukit(...given);
    expect(people.status).toBe(status);
    expect(people.terminal.output()).toBe("");
    expect(people.terminal.errors().match(/^error: /gm)).toHaveLength(1);
    expect(people.terminal.errors()).toContain(`[${code}]`);
    expect(people.terminal.errors()).not.toMatch(/^\s+at /m);

    const programs = await iommukit(...given, "--json");
    expect(programs.status).toBe(status);
    expect(programs.terminal.jsonLines()).toMatchObject([
      { error: { code, message: expect.any(String) } },
    ]);
    expect(programs.terminal.errors()).toBe("");
  });

  test("behavior: --verbose tells where it comes from", async () => {
    const { terminal } = await iommukit("nope", "--verbose");
    expect(terminal.errors()).toMatch(/^\s+at /m);
  });
});

test("default: targets lists every target with what it needs and whether it is ready", async () => {
  const { status, terminal } = await iommukit("targets", "--json");
  expect(status).toBe(0);
  const lines = terminal.jsonLines();
  expect(lines.map((line) => Object(line).target)).toEqual([
    "sim/vtd",
    "sim/amdvi",
    "sim/powernv",
    "sim/powernv-64k",
    "sim/pseries",
    "sim/pamu",
    "qemu/vtd",
    "qemu/amdvi",
    "qemu/virtio-iommu",
    "qemu/powernv9",
    "qemu/powernv9-64k",
    "qemu/pseries",
    "host",
  ]);
  for (const line of lines)
    expect(line).toMatchObject({
      summary: expect.any(String),
      needs: expect.any(String),
      ready: expect.any(Boolean),
    });
  for (const line of lines.filter((entry) => Object(entry).ready === false))
    expect(line).toMatchObject({ reason: expect.any(String), hint: expect.any(String) });
  expect(lines.slice(0, 2)).toMatchObject([{ ready: true }, { ready: true }]);
});

test("default: targets for people", async () => {
  const { terminal } = await iommukit("targets");
  expect(terminal.output()).toMatch(/^ready {6}sim\/vtd /m);
});

test("default: the demo shows what is allowed and what is blocked, on every simulated host", async () => {
  const { status, terminal } = await iommukit("demo");
  expect(status).toBe(0);
  for (const { name } of SIMULATED) expect(terminal.output()).toContain(name);
  for (const word of ["backend", "windows", "copied", "blocked", "calls"])
    expect(terminal.output().match(new RegExp(`^ {4}${word} `, "gm"))).toHaveLength(
      SIMULATED.length,
    );
});

test("default: doctor's findings, as JSON and for people, with one status", async () => {
  const programs = await iommukit("doctor", "--json");
  const findings = programs.terminal.jsonLines();
  for (const finding of findings)
    expect(finding).toMatchObject({
      check: expect.any(String),
      ok: expect.any(Boolean),
      found: expect.any(String),
    });
  const people = await iommukit("doctor");
  expect(people.status).toBe(programs.status);
  expect(programs.status).toBe(findings.every((finding) => Object(finding).ok) ? 0 : 1);
  expect(people.terminal.output()).toContain(Object(findings[0]).found);
});

test("behavior: set-up of what needs none", async () => {
  const { status, terminal } = await iommukit("setup", "sim/vtd,host", "--json");
  expect(status).toBe(0);
  expect(terminal.jsonLines()).toMatchObject([
    { target: "sim/vtd", done: true, ok: true, changed: false },
    { target: "host", done: true, ok: true, changed: false },
  ]);
});
