// A second process on this machine: no VFIO is needed to see whose memory and whose limits they are.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { linuxHost, readLockLimits } from "@iommukit/host-linux";
import { describe, expect, onTestFinished, test } from "vitest";
import { entry } from "./entry.ts";
import { type OtherProcess, type OtherProcessOptions, startOtherProcess } from "./other-process.ts";

const EBADF = -9;
/** FIONREAD, `_IO('T', 27)` on x86 and Arm: bytes that can be read. */
const FIONREAD = 0x541b;

function start(options: OtherProcessOptions): OtherProcess {
  const other = startOtherProcess(options);
  onTestFinished(() => other.exit());
  return other;
}

function limitsOf({ port }: OtherProcess): ReturnType<typeof readLockLimits> {
  return readLockLimits({ ...linuxHost(), readText: port.readText });
}

test("behavior: it has the descriptors it was given, under their numbers, and no others", () => {
  const port = linuxHost();
  const [shared, kept] = [port.open("/proc/self/status", "r"), port.open("/proc/self/stat", "r")];
  const other = start({ descriptors: [shared] });
  expect(other.port.readText("/proc/self/fdinfo/0")).toEqual(expect.any(String));
  expect(other.port.ioctl(kept, FIONREAD, new Uint8Array(4))).not.toBe(0);
  const links = [shared, kept].map((fd) => other.port.readText(`/proc/self/fdinfo/${fd}`));
  expect(links[0]).toEqual(expect.any(String));
  expect(other.port.ioctl(9999, FIONREAD, new Uint8Array(4))).toBe(EBADF);
  port.close(shared);
  port.close(kept);
  // The file is still open there.
  expect(other.port.readText(`/proc/self/fdinfo/${shared}`)).toEqual(expect.any(String));
});

test("behavior: what an ioctl writes comes back", () => {
  const other = start({ descriptors: [] });
  const bytes = Uint8Array.of(0xee, 0xee, 0xee, 0xee);
  // Standard input is the pipe of questions, which is empty when one has just been read.
  expect(other.port.ioctl(0, FIONREAD, bytes)).toBe(0);
  expect([...bytes]).toEqual([0, 0, 0, 0]);
});

test("behavior: its memory is its own", () => {
  const other = start({ descriptors: [] });
  const memory = other.port.mapMemory({ length: 8192, protection: "read" });
  if (typeof memory === "number") throw new Error(`mapMemory answers ${memory}`);
  const place = memory.address.toString(16);
  expect(other.port.readText("/proc/self/maps")).toContain(place);
  expect(linuxHost().readText("/proc/self/maps")).not.toContain(`${place}-`);
  expect(memory.close()).toBe(0);
});

test("behavior: a limit is the other process's, and no capability lifts it", () => {
  const limit = 8 * 4096;
  const other = limitsOf(start({ descriptors: [], lockedMemoryLimit: limit }));
  expect(other).toMatchObject({ soft: BigInt(limit), hard: BigInt(limit), exempt: false });
  expect(readLockLimits(linuxHost()).soft).not.toBe(BigInt(limit));
});

test("behavior: when exit returns it is gone, and a second exit does nothing", () => {
  const other = startOtherProcess({ descriptors: [] });
  const pid = /^Pid:\t(\d+)$/m.exec(String(other.port.readText("/proc/self/status")))?.[1];
  other.exit();
  const state = linuxHost().readText(`/proc/${pid}/status`);
  expect(typeof state === "string" ? state.match(/^State:\t(.)/m)?.[1] : "none").toMatch(
    /^Z|none$/,
  );
  other.exit();
});

test("error: standard descriptors are never shared", () => {
  expect(() => startOtherProcess({ descriptors: [2] })).toThrow(RangeError);
});

/** The state letter in procfs; `none` for a process that is not there. */
function stateOf(pid: string | number): string {
  const text = linuxHost().readText(`/proc/${pid}/status`);
  return typeof text === "string" ? (/^State:\t(.)/m.exec(text)?.[1] ?? "?") : "none";
}

function pidOf({ port }: OtherProcess): number {
  return Number(/^Pid:\t(\d+)$/m.exec(String(port.readText("/proc/self/status")))?.[1]);
}

/** Open descriptors of this process: what a failure leaves behind shows here. */
function openDescriptors(): number {
  const names = linuxHost().list("/proc/self/fd");
  return typeof names === "number" ? Number.NaN : names.length;
}

/** Puts a program before the other process, in the place of the one that sets its limit. */
function instead(script: string): string {
  const folder = mkdtempSync(join(tmpdir(), "iommukit-instead-"));
  writeFileSync(join(folder, "prlimit"), `#!/bin/sh\necho $$ > ${folder}/pid\n${script}\n`);
  chmodSync(join(folder, "prlimit"), 0o755);
  const before = process.env["PATH"];
  process.env["PATH"] = `${folder}:${before}`;
  onTestFinished(() => {
    process.env["PATH"] = before;
    rmSync(folder, { recursive: true });
  });
  return join(folder, "pid");
}

describe("no failure leaves it running", () => {
  const limited = { descriptors: [], lockedMemoryLimit: 65_536 };

  test("error: it never says that it is ready", () => {
    const file = instead("exec sleep 600");
    const before = openDescriptors();
    const patience = { start: 500 };
    expect(() => startOtherProcess({ ...limited, patience })).toThrow("has not answered for 0.5 s");
    expect(stateOf(readFileSync(file, "utf8").trim())).toMatch(/^(Z|none)$/);
    expect(openDescriptors()).toBe(before);
  });

  test("error: it cannot be started at all", () => {
    const before = openDescriptors();
    expect(() => startOtherProcess({ descriptors: [9999] })).toThrow();
    expect(openDescriptors()).toBe(before);
  });

  test("error: it stops answering; it is gone, and no call is made any more", () => {
    const other = start({ descriptors: [], patience: { answer: 500 } });
    const pid = pidOf(other);
    process.kill(pid, "SIGSTOP");
    expect(() => other.port.readText("/proc/self/status")).toThrow("has not answered for 0.5 s");
    expect(stateOf(pid)).toMatch(/^(Z|none)$/);
    expect(() => other.port.readText("/proc/self/status")).toThrow("has ended");
    other.exit();
  });

  test("error: it ends by itself", () => {
    const other = start({ descriptors: [] });
    process.kill(pidOf(other), "SIGKILL");
    expect(() => other.port.readText("/proc/self/status")).toThrow("ended by itself");
    other.exit();
  });

  test("behavior: it does not hear that it is to end, and is ended", () => {
    const other = start({ descriptors: [], patience: { exit: 300 } });
    const pid = pidOf(other);
    process.kill(pid, "SIGSTOP");
    other.exit();
    expect(stateOf(pid)).toMatch(/^(Z|none)$/);
  });

  test("behavior: one that is slow to start is waited for", () => {
    instead('sleep 2; shift; exec "$@"');
    expect(pidOf(start(limited))).toBeGreaterThan(0);
  });

  test("behavior: it ends when the process that asks is gone before it was ready", async () => {
    const { args } = entry();
    const env = { ...process.env, IOMMUKIT_OTHER_PROCESS: "1" };
    const orphan = spawn(process.execPath, args, { env, stdio: ["ignore", "ignore", "inherit"] });
    const [status] = await once(orphan, "exit");
    expect(status).toBe(0);
  });
});
