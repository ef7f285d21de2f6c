import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { COMMANDS } from "./commands.ts";
import { parse } from "./parse.ts";

let printed = "";
beforeEach(() => {
  printed = "";
  vi.spyOn(console, "info").mockImplementation((text: unknown) => {
    printed += `${String(text)}\n`;
  });
});
afterEach(() => vi.restoreAllMocks());

function words(line: string): string[] {
  return line.split(" ").filter((word) => word !== "");
}

describe("default: a command, its arguments and options", () => {
  test.each([
    ["run p.ts --on sim/vtd", "run <file>", ["p.ts"], { on: "sim/vtd" }],
    ["run --on=sim/vtd p.ts --json", "run <file>", ["p.ts"], { on: "sim/vtd", json: true }],
    [
      "run --json p.ts --on a,b --verbose",
      "run <file>",
      ["p.ts"],
      { json: true, on: "a,b", verbose: true },
    ],
    [
      "run p.ts --on a --timeout 1.50 --seed 007",
      "run <file>",
      ["p.ts"],
      { on: "a", timeout: "1.50", seed: "007" },
    ],
    [
      "run p.ts --on a --kernel 6.10 --modules 6.10",
      "run <file>",
      ["p.ts"],
      { on: "a", kernel: "6.10", modules: "6.10" },
    ],
    ["setup", "setup [...targets]", [], {}],
    [
      "setup qemu/vtd qemu/amdvi --refresh",
      "setup [...targets]",
      ["qemu/vtd", "qemu/amdvi"],
      { refresh: true },
    ],
    ["abi --arch ppc64le --json", "abi", [], { arch: "ppc64le", json: true }],
    ["doctor", "doctor", [], {}],
    ["demo --json", "demo", [], { json: true }],
    ["targets", "targets", [], {}],
    [
      "plan pamu --ram 1G@0 --banks 3 --ram=2G@4G --json",
      "plan <backend>",
      ["pamu"],
      { ram: "1G@0,2G@4G", banks: "3", json: true },
    ],
  ])("%s", (line, usage, args, options) => {
    expect(parse(words(line), "1.2.3")).toMatchObject({
      kind: "command",
      command: { usage },
      args,
      options,
    });
    expect(parse(words(line), "1.2.3")).toHaveProperty("options", options);
  });
});

describe("default: help and version are printed", () => {
  test.each(["--help", "-h", ""])("%j lists every command", (line) => {
    expect(parse(words(line), "1.2.3")).toEqual({ kind: "printed" });
    for (const { usage, description } of COMMANDS) {
      expect(printed).toContain(usage);
      expect(printed).toContain(description);
    }
  });

  test.each(COMMANDS)(
    "$usage --help has its options and examples",
    ({ usage, options, examples }) => {
      expect(parse([usage.split(" ")[0] ?? "", "--help"], "1.2.3")).toEqual({ kind: "printed" });
      for (const text of options.flatMap(({ flags, description }) => [flags, description]))
        expect(printed).toContain(text);
      for (const example of examples) expect(printed).toContain(`iommukit ${example}`);
    },
  );

  test.each(["--version", "-v"])("%s", (line) => {
    expect(parse(words(line), "1.2.3")).toEqual({ kind: "printed" });
    expect(printed).toContain("iommukit/1.2.3");
  });
});

describe("error: each wrong command line is one error with a hint", () => {
  test.each([
    ["nope", "unknown-command", "demo, targets, setup, run"],
    ["nope --bogus", "unknown-command", "iommukit --help"],
    ["--bogus", "unknown-option", "iommukit --help"],
    ["demo --bogus", "unknown-option", "iommukit demo --help"],
    ["run p.ts --on a --bogus=1", "unknown-option", "iommukit run --help"],
    ["abi --on a", "unknown-option", "iommukit abi --help"],
    ["run", "invalid-argument", "iommukit run --help"],
    ["run a b --on x", "invalid-argument", "iommukit run --help"],
    ["demo extra", "invalid-argument", "iommukit demo --help"],
    ["run p.ts --on", "invalid-option", "iommukit run --help"],
    ["run p.ts --timeout --on a", "invalid-option", "iommukit run --help"],
    ["abi --arch", "invalid-option", "iommukit abi --help"],
  ])("%s is %s", (line, code, hint) => {
    expect(() => parse(words(line), "1")).toThrow(
      expect.objectContaining({ code, hint: expect.stringContaining(hint) }),
    );
  });

  test.each([["run p.ts --on a --on b"], ["run p.ts --on="], ["abi --arch x86_64 --arch=ppc64"]])(
    "%s",
    (line) => {
      expect(() => parse(words(line), "1")).toThrow(
        expect.objectContaining({ code: "invalid-option" }),
      );
    },
  );

  test("the sentence names what is wrong", () => {
    expect(() => parse(["demo", "--bogus"], "1")).toThrow("there is no option --bogus");
    expect(() => parse(["run"], "1")).toThrow("run needs <file>");
    expect(() => parse(["demo", "extra"], "1")).toThrow("demo does not take extra");
  });
});
