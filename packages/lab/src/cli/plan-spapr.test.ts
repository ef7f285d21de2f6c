// `iommukit plan spapr` as its users see it: JSON, text, and what is refused.

import { describe, expect, test } from "vitest";
import { recordingTerminal } from "../../test/recording-terminal.ts";
import { runCommandLine } from "./command-line.ts";

async function plan(line: string): Promise<{ status: number; out: string; err: string }> {
  const terminal = recordingTerminal();
  const words = ["plan", "spapr", ...line.split(" ").filter((word) => word !== "")];
  const { signal } = new AbortController();
  const status = await runCommandLine({ words, version: "1", terminal, signal });
  return { status, out: terminal.output(), err: terminal.errors() };
}

describe("default: --json is one object", () => {
  test.each<[string, object]>([
    [
      "--ram 64G@4G:4K",
      {
        defaultWindow: "removed",
        tableBytes: "0x20020000",
        windows: [{ start: "0x0", size: "0x2000000000", pageSize: 4096, levels: 2 }],
      },
    ],
    [
      "--ram 64G:2M --machine pseries",
      {
        defaultWindow: "removed",
        windows: [
          { start: "0x800000000000000", size: "0x1000000000", pageSize: 2 ** 21, levels: 1 },
        ],
        tableBytes: "0x40000",
        lockedBytes: "0x1000040000",
      },
    ],
    [
      "--ram 2G --machine powernv9 --pages 4K",
      { defaultWindow: "kept", windows: [{ from: "default", tableBytes: "0x800000" }] },
    ],
  ])("%s", async (line, expected) => {
    const { status, out } = await plan(`${line} --json`);
    expect([status, JSON.parse(out)]).toEqual([0, expect.objectContaining(shaped(expected))]);
  });
});

/** Windows are compared by the members that are named. */
function shaped(expected: object): object {
  const { windows = [], ...rest } = expected as { windows?: readonly object[] }; // cast: a table of literals
  return { ...rest, windows: windows.map((each) => expect.objectContaining(each)) };
}

test("default: a table for people, with what is locked", async () => {
  const { status, out } = await plan("--ram 1G@0 --ram 4G@4G:2M --lockable 8G");
  expect(status).toBe(0);
  expect(out).toMatch(/0x800_0000_0000_0000 +8 GiB +2 MiB +1 +64 KiB +create/);
  expect(out).toMatch(/locked: .* of 8 GiB, 5 GiB of memory and /);
});

describe("error: what cannot be done, why, and what would help", () => {
  test("as text, with status 1", async () => {
    const { status, out } = await plan("--ram 64G --lockable 65G --machine pseries --windows 1");
    expect(status).toBe(1);
    expect(out).toMatch(/no plan/);
    expect(out).toMatch(/one window is offered, and it is the default one/);
  });

  test("as JSON: each help with its values", async () => {
    const { status, out } = await plan("--ram 64G --lockable 65700M --json");
    expect(status).toBe(1);
    expect(JSON.parse(out)).toMatchObject({
      code: "limit",
      helps: [{ lockable: "0x1010012000" }, { backing: 65_536 }],
    });
  });

  test.each([
    ["", "needs --ram"],
    ["--ram 64G@0@0", "is not SIZE@ADDRESS:PAGES"],
    ["--ram 64G --machine power11", "is not known here"],
    ["--ram 64G --placement top", "is no placement"],
    ["--ram 64G --page-sizes 3K", "is no page size"],
    ["--ram 64G --host-page 16K", "--host-page 16K is no page of a kernel"],
    ["--ram 64G --host-page 2K", "--host-page 2K is no page of a kernel"],
    ["--ram 64G --levels -1", "--levels takes a whole number from 1 to 5"],
    ["--ram 64G --lockable -1G", "--lockable -1G is not a number of bytes"],
    ["--ram 64G --contiguity 4M", "has no option --contiguity"],
  ])("%j is a mistake of the command line", async (line, message) => {
    const { status, err } = await plan(line);
    expect([status, err]).toEqual([2, expect.stringContaining(message)]);
  });
});
