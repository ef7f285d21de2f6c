import { readdirSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { gone, type RunningCommand, startCommand } from "../test/command.ts";
import { PROGRAMS, programFile, temporaryFolder } from "../test/programs.ts";

interface Hanging {
  readonly command: RunningCommand;
  /** The process that the program runs in. */
  readonly pid: number;
  readonly temporary: string;
}

/** The command with a program that has begun to hang, and a temporary folder that nobody else uses. */
async function hanging(): Promise<Hanging> {
  const temporary = temporaryFolder();
  const words = ["run", programFile(PROGRAMS.hangs), "--on", "sim/vtd,sim/amdvi", "--json"];
  const command = startCommand(words, { TMPDIR: temporary });
  const { fact } = JSON.parse(await command.firstLine);
  return { command, pid: Number(fact.pid), temporary };
}

describe("stopped", () => {
  test.each([
    ["SIGINT", 130],
    ["SIGTERM", 143],
    ["SIGHUP", 129],
  ] as const)("behavior: %s ends the program, cleans up, status %d", async (signal, status) => {
    const { command, pid, temporary } = await hanging();
    command.process.kill(signal);
    const ended = await command.ended;
    expect(ended.status).toBe(status);
    const lines = ended.out
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    const error = { code: "interrupted", message: `stopped by ${signal}` };
    expect(lines.slice(1)).toMatchObject([
      { target: "sim/vtd", done: true, ok: false, error },
      { target: "sim/amdvi", done: true, ok: false, seconds: 0, error },
    ]);
    await gone(pid);
    expect(readdirSync(temporary)).toEqual([]);
  });

  test("behavior: killed outright, the program goes too", async () => {
    const { command, pid } = await hanging();
    command.process.kill("SIGKILL");
    expect((await command.ended).signal).toBe("SIGKILL");
    await gone(pid);
  });

  test("behavior: what a killed command left behind is removed by the next", async () => {
    const { command, temporary } = await hanging();
    command.process.kill("SIGKILL");
    await command.ended;
    expect(readdirSync(temporary)).toHaveLength(1);
    const next = startCommand(["run", programFile(PROGRAMS.ok), "--on", "sim/vtd"], {
      TMPDIR: temporary,
    });
    expect((await next.ended).status).toBe(0);
    expect(readdirSync(temporary)).toEqual([]);
  });

  test("behavior: nobody reads any more", async () => {
    const program = programFile(
      "export default (host) => { for (let i = 0; ; i++) host.log({ i }); }",
    );
    const command = startCommand(["run", program, "--on", "sim/vtd", "--json"]);
    await command.firstLine;
    command.process.stdout?.destroy();
    expect((await command.ended).status).toBe(141);
  });
});

test("default: the process's status and streams", async () => {
  const [help, unknown, failed] = await Promise.all([
    startCommand(["--help"]).ended,
    startCommand(["nope"]).ended,
    startCommand(["run", programFile(PROGRAMS.exits), "--on", "sim/vtd", "--json"]).ended,
  ]);
  expect(help).toMatchObject({ status: 0, err: "" });
  expect(help.out).toContain("iommukit/");
  expect(unknown).toMatchObject({ status: 2, out: "" });
  expect(unknown.err).toContain("[unknown-command]");
  expect(failed.status).toBe(1);
  expect(failed.out.trim().split("\n")).toHaveLength(2);
});
