import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { temporaryFolder } from "../../test/programs.ts";
import { recordingTerminal } from "../../test/recording-terminal.ts";
import { plain } from "../report/terminal.ts";
import { targetNamed } from "../targets/list.ts";
import { prepareTarget, type SetupOptions } from "./prepare-target.ts";
import { createMeter, progressLine } from "./progress-text.ts";
import { openSetupReport } from "./setup-report.ts";

const MiB = 1024 * 1024;

describe("progress", () => {
  test.each([
    [
      { label: "k", received: 0, total: 100 * MiB },
      0,
      "k  ░░░░░░░░░░░░░░░░░░░░░░░░ 0 % 0 bytes of 100 MiB",
    ],
    [
      { label: "k", received: 50 * MiB, total: 100 * MiB },
      2 * MiB,
      "k  ████████████░░░░░░░░░░░░ 50 % 50 MiB of 100 MiB, 2 MiB/s",
    ],
    [{ label: "index", received: 100, total: 100 }, 5, "index  ████████████████████████ 100 %"],
    [{ label: "odd", received: 5, total: 0 }, 0, "odd  ░░░░░░░░░░░░░░░░░░░░░░░░ 0 %"],
    [{ label: "more", received: 3, total: 1 }, 0, "more  ████████████████████████ 100 %"],
  ])("default: %j", (progress, rate, text) => {
    expect(progressLine(progress, rate)).toBe(text);
  });

  test("behavior: the rate is that of this download, from where it was taken up again", () => {
    let now = 0;
    const meter = createMeter(() => now);
    meter.line({ label: "index", received: 0, total: 100 });
    now = 10_000;
    meter.line({ label: "k", received: 40 * MiB, total: 100 * MiB });
    now = 12_000;
    expect(meter.line({ label: "k", received: 60 * MiB, total: 100 * MiB })).toContain(
      ", 10 MiB/s",
    );
  });
});

function progressAll(report: ReturnType<typeof openSetupReport>): void {
  for (let received = 0; received <= 100; received++)
    report.progress("qemu/vtd", { label: "kernel", received: received * MiB, total: 100 * MiB });
}

describe("report", () => {
  test("default: JSON, about ten lines of progress and one end", () => {
    const terminal = recordingTerminal();
    const report = openSetupReport({ terminal, json: true, verbose: false });
    progressAll(report);
    report.done("qemu/vtd", { changed: true, detail: "Linux 6.12" });
    report.failed("qemu/x", {
      code: "tool-missing",
      message: "no QEMU",
      hint: "get it",
      stack: "s",
    });
    report.close();
    const lines = terminal.jsonLines();
    expect(lines.length).toBeLessThan(15);
    expect(lines[0]).toMatchObject({
      target: "qemu/vtd",
      progress: { received: 0, total: 100 * MiB },
    });
    expect(lines.slice(-2)).toEqual([
      { target: "qemu/vtd", done: true, ok: true, changed: true, detail: "Linux 6.12" },
      {
        target: "qemu/x",
        done: true,
        ok: false,
        error: { code: "tool-missing", message: "no QEMU", hint: "get it" },
      },
    ]);
  });

  test("default: lines now and then where nothing can be redrawn", () => {
    const terminal = recordingTerminal();
    const report = openSetupReport({ terminal, json: false, verbose: false });
    progressAll(report);
    report.done("qemu/vtd", { changed: false, detail: "Linux 6.12, set up before" });
    report.failed("qemu/x", { code: "tool-missing", message: "no QEMU", hint: "get it" });
    report.close();
    expect(terminal.output().split("\n").length).toBeLessThan(16);
    expect(terminal.output()).toMatch(
      /ready {2}qemu\/vtd {2}Linux 6\.12, set up before\nqemu\/x {2}error: no QEMU/,
    );
  });

  test("behavior: a bar on a terminal, gone when it is done", () => {
    const terminal = recordingTerminal(true);
    const report = openSetupReport({ terminal, json: false, verbose: false });
    report.progress("qemu/vtd", { label: "kernel", received: 1, total: 2 });
    report.done("qemu/vtd", { changed: true, detail: "Linux" });
    report.close();
    expect(plain(terminal.output().replaceAll("\u001b[0J", ""))).toBe("ready  qemu/vtd  Linux\n");
  });
});

describe("prepareTarget", () => {
  function options(folder: string): SetupOptions {
    return {
      kernel: { image: join(folder, "vmlinuz"), modulesDir: folder },
      mirror: undefined,
      refresh: false,
      signal: new AbortController().signal,
      onProgress: () => undefined,
    };
  }

  test("default: the user's own kernel is only looked at", async () => {
    const folder = temporaryFolder();
    for (const name of ["vmlinuz", "modules.dep"]) writeFileSync(join(folder, name), "");
    await expect(prepareTarget(targetNamed("qemu/vtd"), options(folder))).resolves.toMatchObject({
      changed: false,
      detail: expect.stringContaining("--kernel"),
    });
  });

  test("error: a kernel without modules.dep", async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, "vmlinuz"), "");
    await expect(prepareTarget(targetNamed("qemu/vtd"), options(folder))).rejects.toMatchObject({
      code: "file-unreadable",
      facts: { file: join(folder, "modules.dep") },
    });
  });
});
