// `iommukit plan pamu` as its users see it: JSON, text, a picture, and what is refused.

import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { recordingTerminal } from "../../test/recording-terminal.ts";
import { runCommandLine } from "./command-line.ts";

interface Ran {
  readonly status: number;
  readonly out: string;
  readonly err: string;
}

async function plan(line: string): Promise<Ran> {
  const terminal = recordingTerminal();
  const words = ["plan", ...line.split(" ").filter((word) => word !== "")];
  const signal = new AbortController().signal;
  const status = await runCommandLine({ words, version: "1", terminal, signal });
  return { status, out: terminal.output(), err: terminal.errors() };
}

const L1 = "pamu --ram 512M@0 --contiguity 4M --banks 3";

describe("default: --json is one object", () => {
  test.each<[string, object]>([
    [
      L1,
      {
        windowSize: 0x40_0000,
        windows: 256,
        aperture: [0, 0x3fff_ffff],
        msi: [
          { bank: 0, window: 128, iova: 0x2000_0000 },
          { bank: 1, window: 129, iova: 0x2040_0000 },
          { bank: 2, window: 130, iova: 0x2080_0000 },
        ],
      },
    ],
    [
      "pamu --ram 2G@0 --ram 1G@4G --contiguity 256M --banks 1",
      {
        windowSize: 0x1000_0000,
        windows: 32,
        aperture: [0, 0x1_ffff_ffff],
        msi: [{ bank: 0, window: 20, iova: 0x1_4000_0000 }],
      },
    ],
    [
      "pamu --ram 1G@63G --contiguity 1G --banks 1 --policy holes",
      {
        windowSize: 0x4000_0000,
        windows: 2,
        aperture: [0xf_8000_0000, 0xf_ffff_ffff],
        msi: [{ bank: 0, window: 0, iova: 0xf_8000_0000 }],
      },
    ],
    [
      "pamu --ram 512M@0 --contiguity 512M --banks 0",
      { windowSize: 0x2000_0000, windows: 1, aperture: [0, 0x1fff_ffff], msi: [] },
    ],
  ])("%s", async (line, expected) => {
    const { status, out } = await plan(`${line} --json`);
    expect(JSON.parse(out)).toEqual(expected);
    expect(out.endsWith("}\n")).toBe(true);
    expect(status).toBe(0);
  });

  test.each<[string, string, RegExp, RegExp]>([
    [
      "pamu --ram 512M@0 --contiguity 16M --banks 3 --windows 16",
      "ENOSPC",
      /64 windows, and the hardware has 16/,
      /huge pages of 64 MiB/,
    ],
    ["pamu --ram 512M+2K@0 --contiguity 4M --banks 3", "EINVAL", /2 KiB/, /4 KiB/],
    ["pamu --ram 4M@0,4M@0 --contiguity 4M --banks 3", "EINVAL", /overlap/, /one region/],
  ])("refused: %s", async (line, code, reason, hint) => {
    const { status, out } = await plan(`${line} --json`);
    expect(JSON.parse(out)).toEqual({
      code,
      reason: expect.stringMatching(reason),
      hint: expect.stringMatching(hint),
    });
    expect(status).toBe(1);
  });
});

describe("for people", () => {
  test("the aperture as a bar, and what lies where", async () => {
    const { status, out } = await plan(L1);
    expect(out).toBe(`aperture 0x0..0x3fff_ffff (1 GiB)
256 windows of 4 MiB

  ${"█".repeat(32)}M${"·".repeat(31)}
  █ RAM  M MSI bank  · free

  windows 0 to 127    0x0..0x1fff_ffff          512 MiB     RAM
  window 128          0x2000_0000..0x203f_ffff  4 KiB used  MSI bank 0
  window 129          0x2040_0000..0x207f_ffff  4 KiB used  MSI bank 1
  window 130          0x2080_0000..0x20bf_ffff  4 KiB used  MSI bank 2
  windows 131 to 255  0x20c0_0000..0x3fff_ffff  500 MiB     free
`);
    expect(status).toBe(0);
  });

  test("few windows fill the bar as well; a hole is free", async () => {
    const { out } = await plan("pamu --ram 1G@1G --contiguity 256M --banks 1 --policy holes");
    expect(out).toContain(`${"M".repeat(8)}${"·".repeat(24)}${"█".repeat(32)}`);
    expect(out).toContain("windows 1 to 3  0x1000_0000..0x3fff_ffff  768 MiB     free");
  });

  test("a refusal has its reason and its remedy", async () => {
    const { status, out } = await plan("pamu --ram 512M@0 --contiguity 4K --banks 3");
    expect(out).toMatch(/^no plan: .*262144 windows.* \[ENOSPC\]\n {2}hint: .*4 MiB\n$/);
    expect(status).toBe(1);
  });
});

describe("--svg", () => {
  function folder(): string {
    const path = mkdtempSync(join(tmpdir(), "iommukit-plan-"));
    onTestFinished(() => rmSync(path, { recursive: true }));
    return path;
  }

  test("a picture that stands alone: a cell for each window, the banks by number", async () => {
    const file = join(folder(), "aperture.svg");
    const { status, out } = await plan(`${L1} --svg ${file}`);
    expect(status).toBe(0);
    expect(out).toContain(`drawn in ${file}`);
    const svg = readFileSync(file, "utf8");
    expect(svg).toMatch(/^<svg xmlns="http:\/\/www.w3.org\/2000\/svg" [^>]*>[\s\S]*<\/svg>\n$/);
    expect(svg.match(/<rect /g)).toHaveLength(256 + 1 + 5);
    expect(svg.match(/<title>MSI bank 1<\/title>/g)).toHaveLength(1);
    expect(svg.match(/<title>RAM<\/title>/g)).toHaveLength(128);
    expect(svg.replace("http://www.w3.org/2000/svg", "")).not.toMatch(/https?:|<script|@import/);
  });

  test("the picture in the document is what the command draws", async () => {
    const file = join(folder(), "aperture.svg");
    await plan(`${L1} --svg ${file}`);
    const documented = new URL("../../../../docs/backends/pamu-aperture.svg", import.meta.url);
    expect(readFileSync(file, "utf8")).toBe(readFileSync(documented, "utf8"));
  });

  test("many windows share cells", async () => {
    const file = join(folder(), "aperture.svg");
    await plan(`pamu --ram 8G@0 --contiguity 4M --banks 3 --windows 4096 --svg ${file} --json`);
    const svg = readFileSync(file, "utf8");
    expect(svg.match(/<rect /g)).toHaveLength(512 + 1 + 5);
    expect(svg).toContain("8 to a cell");
    expect(svg).toContain("MSI bank 2");
  });

  test("nothing is drawn where there is no plan, and a file that cannot be written is told", async () => {
    const file = join(folder(), "aperture.svg");
    await plan(`pamu --ram 512M@0 --contiguity 4K --banks 3 --svg ${file}`);
    expect(() => readFileSync(file)).toThrow("ENOENT");
    const missing = join(file, "x.svg");
    const { status, out } = await plan(`${L1} --svg ${missing} --json`);
    expect(status).toBe(2);
    expect(JSON.parse(out)).toEqual({
      error: {
        code: "invalid-option",
        message: `--svg ${missing} cannot be written: ENOENT`,
        hint: "its folder must be there, and be yours to write",
      },
    });
  });
});

describe("error: command lines that are wrong", () => {
  test.each([
    ["none", "there is no planner for none"],
    ["pamu --contiguity 4M --banks 3", "plan pamu needs --ram"],
    ["pamu --ram 512M@0 --banks 3", "plan pamu needs --contiguity"],
    ["pamu --ram 512M@0 --contiguity 4M", "plan pamu needs --banks"],
    ["pamu --ram 512M --contiguity 4M --banks 3", "--ram 512M is not SIZE@ADDRESS"],
    ["pamu --ram 512M@0@0 --contiguity 4M --banks 3", "not SIZE@ADDRESS"],
    ["pamu --ram 512X@0 --contiguity 4M --banks 3", "--ram 512X is not a number of bytes"],
    ["pamu --ram 512M@0 --contiguity 4M --banks x", "--banks x is not what the option takes"],
    ["pamu --ram 512M@0 --contiguity 4M --banks 3 --windows 0", "--windows 0"],
    ["pamu --ram 512M@0 --contiguity 4M --banks -1", "--banks takes a whole number from 0 to 256"],
    ["pamu --ram 512M@0 --contiguity 4M --banks=-1", "--banks -1 is not what the option takes"],
    ["pamu --ram -1@0 --contiguity 4M --banks 3", "--ram -1 is not a number of bytes"],
    ["pamu --ram 512M@0 --contiguity -.5M --banks 3", "--contiguity -.5M is not a number of bytes"],
    ["pamu --ram 512M@0 --contiguity 4M --banks 3 -1", "there is no option -1"],
    ["pamu --ram 512M@0 --contiguity 4M --banks 3 --verbose -1", "there is no option -1"],
    ["pamu --ram 512M@0 --contiguity 4M --banks 3 --policy x", "--policy x is no policy"],
  ])("%s", async (line, sentence) => {
    const { status, err } = await plan(line);
    expect(err).toContain(sentence);
    expect(status).toBe(2);
  });
});
