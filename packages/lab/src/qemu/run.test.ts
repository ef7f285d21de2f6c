/** The way of a run without QEMU: a shell script stands in for it and speaks on its channels. */

import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, describe, expect, test } from "vitest";
import { isAlive } from "./cache.ts";
import { runInGuest } from "./run.ts";
import { type GuestResult, type Listeners, watchGuest } from "./watch.ts";

const folder = mkdtempSync(join(tmpdir(), "iommukit-test-"));
afterAll(() => rmSync(folder, { recursive: true }));

const KERNEL_UP = `echo '{"event":"stage","name":"kernel","uptime":1.5}' >&3`;
const END = [4, 5, 6].map((fd) => `printf '\\004n0\\n' >&${fd}`).join("; ");
const EXIT = `echo '{"event":"exit","status":3}' >&3`;
/** QEMU goes on until the host ends it. */
const WAIT = "exec sleep 60";

function watch(
  script: string,
  more: Partial<Listeners & { signal: AbortSignal; timeoutSeconds: number }> = {},
): Promise<GuestResult> {
  const qemu = join(folder, `qemu-${Math.random().toString(36).slice(2)}`);
  writeFileSync(qemu, `#!/bin/sh\n${script}\n`);
  chmodSync(qemu, 0o755);
  const { signal, timeoutSeconds = 20, ...listeners } = more;
  return watchGuest({ qemu, args: ["-x"], nonce: "n0", timeoutSeconds, signal, listeners });
}

describe("watchGuest", () => {
  test("default: output as it comes, status, console, order of ending", async () => {
    const lines: string[] = [];
    const script = `${KERNEL_UP}; echo booting >&6; echo one >&4; printf two >&4; echo oops >&5; printf "half a line" >&6
      ${END}; ${EXIT}; ${WAIT}`;
    const result = await watch(script, { onLine: (line) => lines.push(line) });
    expect(lines).toEqual(["one", "two"]);
    expect(result).toMatchObject({
      outcome: "exited",
      exitCode: 3,
      timedOut: false,
      stages: [{ name: "kernel", uptime: 1.5 }],
      consoleLog: "booting\nhalf a line",
      errorOutput: "oops",
      qemuOutput: "",
    });
    expect(result.seconds, "it is ended and not waited for").toBeLessThan(15);
    expect(result.command).toEqual([expect.stringContaining("qemu-"), "-x"]);
  });

  test.each([4, 5, 6])("behavior: it is ended only when all of channel %i was read", async (fd) => {
    const heard: string[] = [];
    const listen = (line: string): unknown => heard.push(line);
    const ends = END.split("; ").filter((end) => !end.endsWith(`${fd}`));
    const late = `sleep 0.3; echo late >&${fd}; printf '\\004n0\\n' >&${fd}`;
    const script = [KERNEL_UP, EXIT, ...ends, late, WAIT].join("; ");
    const result = await watch(script, { onLine: listen, onErrorLine: listen, onConsole: listen });
    expect(heard).toEqual(["late"]);
    expect(result.outcome).toBe("exited");
  });

  test("behavior: a guest that says its end on no console is still waited for", async () => {
    const ends = END.split("; ").slice(0, 2).join("; ");
    const result = await watch(`${KERNEL_UP}; ${EXIT}; ${ends}; sleep 0.3; echo off >&6`);
    expect(result).toMatchObject({ outcome: "exited", exitCode: 3, consoleLog: "off" });
  });

  test("behavior: a hang is bounded, and QEMU is killed", async () => {
    const script = `${KERNEL_UP}; echo hello >&4; exec sleep 60`;
    const lines: string[] = [];
    const result = await watch(script, { timeoutSeconds: 0.3, onLine: (l) => lines.push(l) });
    expect(result).toMatchObject({ outcome: "timed-out", timedOut: true, exitCode: null });
    expect(result.seconds).toBeLessThan(5);
    expect(lines).toEqual(["hello"]);
  });

  test("behavior: a guest that dies is a result, with its last words", async () => {
    const result = await watch(`${KERNEL_UP}; echo 'Kernel panic - not syncing: x' >&6`);
    expect(result).toMatchObject({ outcome: "died", exitCode: null, timedOut: false });
    expect(result.consoleLog).toContain("Kernel panic");
  });

  test("behavior: noise on the status channel is ignored", async () => {
    const script = `echo noise >&3; printf '\\377\\n{}\\n' >&3; ${KERNEL_UP}; ${EXIT}; ${END}; ${WAIT}`;
    expect(await watch(script)).toMatchObject({ outcome: "exited", exitCode: 3 });
  });

  test("error: qemu-failed, with QEMU's own words", async () => {
    await expect(watch("echo 'no such device' >&2; exit 1")).rejects.toMatchObject({
      code: "qemu-failed",
      facts: { stderr: "no such device\n", status: 1 },
    });
  });

  test("error: guest-setup-failed, with the step", async () => {
    const failed = `echo '{"event":"failed","step":"mounting","detail":"why"}' >&3`;
    await expect(watch(`${KERNEL_UP}; ${failed}`)).rejects.toMatchObject({
      code: "guest-setup-failed",
      facts: { step: "mounting", detail: "why" },
    });
  });

  test("error: aborted, when QEMU is gone", async () => {
    const pids: number[] = [];
    const script = `echo $$ >&4; ${KERNEL_UP}; exec sleep 60`;
    const aborting = new AbortController();
    const running = watch(script, {
      signal: aborting.signal,
      onLine: (line) => {
        pids.push(Number(line));
        aborting.abort(new Error("enough"));
      },
    });
    await expect(running).rejects.toMatchObject({
      code: "aborted",
      cause: expect.objectContaining({ message: "enough" }),
    });
    expect(pids.map(isAlive)).toEqual([false]);
  });

  test("behavior: no listener is left on the process", async () => {
    const before = ["exit", "SIGINT", "SIGTERM"].map((event) => process.listenerCount(event));
    await watch(`${KERNEL_UP}; ${END}; ${EXIT}; ${WAIT}`);
    await sleep(0);
    expect(["exit", "SIGINT", "SIGTERM"].map((event) => process.listenerCount(event))).toEqual(
      before,
    );
  });
});

describe("runInGuest", () => {
  const program = join(folder, "program.mjs");
  writeFileSync(program, "");

  test("error: target-unknown, aborted", async () => {
    await expect(runInGuest({ target: "none", program })).rejects.toMatchObject({
      code: "target-unknown",
    });
    const signal = AbortSignal.abort();
    await expect(runInGuest({ target: "vtd", program, signal })).rejects.toMatchObject({
      code: "aborted",
    });
  });

  test("error: nothing is left behind by a run that cannot begin", async () => {
    const before = readdirSync(tmpdir()).filter((name) => name.startsWith("iommukit-run-"));
    mkdirSync(join(folder, "modules"), { recursive: true });
    const kernel = { image: program, modulesDir: join(folder, "modules") };
    await expect(runInGuest({ target: "vtd", program, kernel })).rejects.toMatchObject({
      code: expect.stringMatching(/^(kernel-invalid|tool-missing)$/),
    });
    const after = readdirSync(tmpdir()).filter((name) => name.startsWith("iommukit-run-"));
    expect(
      after.filter((name) => !before.includes(name) && name.includes(`${process.pid}-`)),
    ).toEqual([]);
  });
});
