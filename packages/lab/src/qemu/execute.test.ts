import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, describe, expect, test } from "vitest";
import { bound } from "./bound.ts";
import { isAlive } from "./cache.ts";
import { execute } from "./execute.ts";

const folder = mkdtempSync(join(tmpdir(), "iommukit-test-"));
afterAll(() => rmSync(folder, { recursive: true }));

const shell = (script: string, options: Parameters<typeof execute>[2] = {}) =>
  execute("/bin/sh", ["-c", script], options);

describe("execute", () => {
  test("default", async () => {
    const done = await shell("echo out; echo err >&2; exit 3");
    expect({ ...done, stdout: done.stdout.toString() }).toEqual({
      status: 3,
      stdout: "out\n",
      stderr: "err\n",
    });
  });

  test("behavior: English messages, a folder, more environment, status lines", async () => {
    const lines: string[] = [];
    const { stdout } = await shell("echo $LC_ALL $MORE; pwd; printf 'a\\nb' >&3", {
      cwd: folder,
      env: { MORE: "more" },
      onStatus: (line) => lines.push(line),
    });
    expect(stdout.toString()).toBe(`C more\n${folder}\n`);
    expect(lines).toEqual(["a", "b"]);
  });

  test("error: aborted, when the program is gone", async () => {
    await expect(
      execute("/bin/sleep", ["60"], { signal: AbortSignal.timeout(50) }),
    ).rejects.toMatchObject({ code: "aborted" });
  });
});

const [launcher] = bound("KILL", "/bin/sleep", []);

describe.skipIf(launcher === "/bin/sleep")("bound", () => {
  test("behavior: a program does not outlive a parent that was killed", async () => {
    const parent = join(folder, "parent.mjs");
    const [program, args] = bound("KILL", "/bin/sleep", ["60"]);
    writeFileSync(
      parent,
      `import { spawn } from "node:child_process";
      console.log(spawn(${JSON.stringify(program)}, ${JSON.stringify(args)}).pid);`,
    );
    const child = spawn(process.execPath, [parent]);
    const pid = await new Promise<number>((resolve) =>
      child.stdout.once("data", (chunk: Buffer) => resolve(Number(chunk.toString()))),
    );
    await sleep(100);
    expect(isAlive(pid)).toBe(true);
    child.kill("SIGKILL");
    await expect.poll(() => isRunning(pid)).toBe(false);
  });
});

/** In a container nobody may collect an orphan: it then stays as a zombie, which is not running. */
function isRunning(pid: number): boolean {
  return isAlive(pid) && !isZombie(pid);
}

function isZombie(pid: number): boolean {
  try {
    return / Z /.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return false;
  }
}
