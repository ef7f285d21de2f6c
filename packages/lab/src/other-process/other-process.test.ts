// A second process on this machine: no VFIO is needed to see whose memory and whose limits they are.

import { linuxHost, readLockLimits } from "@iommukit/host-linux";
import { expect, onTestFinished, test } from "vitest";
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
