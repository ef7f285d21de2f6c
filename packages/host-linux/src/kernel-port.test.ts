import fs from "node:fs";
import { join } from "node:path";
import { abiProfile, type KernelPort } from "@iommukit/core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { codeOf, type Scratch, scratch, ttyIoctls } from "../test/kernel-facts.ts";
import { LinuxHost } from "./kernel-port.ts";
import { linuxHost } from "./linux-host.ts";
import { type Libc, libc } from "./native/libc.ts";

const port: KernelPort = linuxHost();
const { FIONREAD, FIONBIO, TIOCGWINSZ } = ttyIoctls(port.abi);
let files: Scratch;
let fifo = -1;

beforeAll(() => {
  files = scratch();
  fifo = port.open(files.fifo, "rw");
});
afterAll(() => {
  port.close(fifo);
  files.remove();
});

function openFiles(): number {
  return fs.readdirSync("/proc/self/fd").length;
}

test("default: the profile is this machine's", () => {
  expect(port.abi.pageSize).toBe(libc.pageSize());
  expect(port.abi.wordBits).toBe(64);
});

describe("ioctl", () => {
  test("the kernel's bytes arrive, also in a part of a larger array", () => {
    fs.writeSync(fifo, Buffer.alloc(258));
    const large = new Uint8Array(16).fill(0xee);
    expect(port.ioctl(fifo, FIONREAD, large.subarray(8, 12))).toBe(0);
    const expected = new Uint8Array(16).fill(0xee);
    new Int32Array(expected.buffer, 8, 1)[0] = 258;
    expect(large).toEqual(expected);
    fs.readSync(fifo, Buffer.alloc(258));
  });

  test("our bytes reach the kernel", () => {
    const blocking = (): boolean =>
      (Number.parseInt(/^flags:\s+(\d+)/m.exec(info())?.[1] ?? "", 8) & 0o4000) === 0;
    const info = (): string => fs.readFileSync(`/proc/self/fdinfo/${fifo}`, "utf8");
    const int = new Int32Array([1]);
    expect(port.ioctl(fifo, FIONBIO, new Uint8Array(int.buffer))).toBe(0);
    expect(blocking()).toBe(false);
    int[0] = 0;
    expect(port.ioctl(fifo, FIONBIO, new Uint8Array(int.buffer))).toBe(0);
    expect(blocking()).toBe(true);
  });

  test("a number goes in the register: an address that is no memory is EFAULT", () => {
    expect(port.ioctl(fifo, FIONREAD, 8)).toBe(-14);
  });

  test("ENOTTY and EBADF", () => {
    expect(port.ioctl(fifo, TIOCGWINSZ, new Uint8Array(8))).toBe(-25);
    expect(port.ioctl(-1, FIONREAD, new Uint8Array(4))).toBe(-9);
    expect(port.ioctl(-2, FIONREAD, 0)).toBe(-9);
  });

  test("errno is right under allocation pressure, 200,000 times", () => {
    const junk: unknown[] = [];
    let wrong = 0;
    for (let i = 0; i < 100_000; i++) {
      junk.push(new Array(50).fill(i));
      if (junk.length > 2_000) junk.length = 0;
      if (port.ioctl(fifo, TIOCGWINSZ, new Uint8Array(8)) !== -25) wrong++;
      if (port.ioctl(-1, FIONREAD, new Uint8Array(8)) !== -9) wrong++;
    }
    expect(wrong).toBe(0);
  });

  test("an array of another realm and a Buffer are arrays too", async () => {
    const vm = await import("node:vm");
    const foreign: Uint8Array = vm.runInNewContext("new Uint8Array(4)");
    expect(foreign).not.toBeInstanceOf(Uint8Array);
    expect(port.ioctl(fifo, FIONREAD, foreign)).toBe(0);
    expect(port.ioctl(fifo, FIONREAD, Buffer.alloc(4))).toBe(0);
  });
});

describe("open, close, readAt, writeAt", () => {
  test("bytes at an offset, both directions, and the count at the end", () => {
    const path = join(files.folder, "data");
    fs.writeFileSync(path, Buffer.alloc(10));
    const fd = port.open(path, "rw");
    expect(port.writeAt(fd, Buffer.from("abc"), 4n)).toBe(3);
    const into = new Uint8Array(8);
    expect(port.readAt(fd, into, 3n)).toBe(7);
    expect([...into]).toEqual([0, 97, 98, 99, 0, 0, 0, 0]);
    expect(port.readAt(fd, into, 10n)).toBe(0);
    expect(port.readAt(fd, into, 2n ** 62n)).toBe(0);
    expect(port.close(fd)).toBe(0);
    expect(port.close(fd)).toBe(-9);
    expect(port.readAt(fd, into, 0n)).toBe(-9);
  });

  test("errors of open are the kernel's", () => {
    expect(port.open("/nowhere/at/all", "r")).toBe(-2);
    expect(port.open("", "r")).toBe(-2);
    expect(port.open("/dev", "rw")).toBe(-21);
    expect(port.open("/etc/passwd/x", "r")).toBe(-20);
  });

  test("a read-only descriptor does not write, a FIFO has no offset", () => {
    const fd = port.open("/dev/zero", "r");
    expect(port.writeAt(fd, new Uint8Array(1), 0n)).toBe(-9);
    expect(port.readAt(fifo, new Uint8Array(1), 0n)).toBe(-29);
    port.close(fd);
  });

  test("close-on-exec is set on files and eventfds", () => {
    const made = [port.open("/dev/zero", "r"), port.eventFd()];
    for (const fd of made) {
      const info = fs.readFileSync(`/proc/self/fdinfo/${fd}`, "utf8");
      expect(Number.parseInt(/^flags:\s+(\d+)/m.exec(info)?.[1] ?? "0", 8) & 0o2000000).not.toBe(0);
      port.close(fd);
    }
  });
});

const word = new Uint8Array(4);

describe("rule: EINTR", () => {
  const interrupted = (times: number): { host: LinuxHost; calls: string[] } => {
    const calls: string[] = [];
    const one = (name: string): (() => number) => {
      return () => (calls.push(name) > times ? 0 : -4);
    };
    const fake: Libc = {
      ...libc,
      open: one("open"),
      close: one("close"),
      pread: one("pread"),
      pwrite: one("pwrite"),
      ioctlWord: one("ioctl"),
      ioctlPointer: one("ioctl"),
    };
    return { host: new LinuxHost(fake, abiProfile("x86_64", 4096)), calls };
  };
  const calls: readonly [string, (host: LinuxHost) => number, boolean][] = [
    ["open", (host) => host.open("/x", "r"), true],
    ["readAt", (host) => host.readAt(3, word, 0n), true],
    ["writeAt", (host) => host.writeAt(3, word, 0n), true],
    ["ioctl by pointer", (host) => host.ioctl(3, FIONREAD, word), false],
    ["ioctl by word", (host) => host.ioctl(3, FIONREAD, 0), false],
    ["close", (host) => host.close(3), false],
  ];
  test.each(calls)("%s", (_, call, again) => {
    const { host, calls: made } = interrupted(3);
    expect(call(host)).toBe(again ? 0 : -4);
    expect(made).toHaveLength(again ? 4 : 1);
  });
  test.each(calls.filter(([, , again]) => again))("%s gives up", (_, call) => {
    const { host, calls: made } = interrupted(1000);
    expect(call(host)).toBe(-4);
    expect(made.length).toBeLessThanOrEqual(17);
  });
});

test("behavior: powerpc's numbers have 13 bits of size", () => {
  const fake: Libc = { ...libc, ioctlPointer: () => 0, ioctlWord: () => 0 };
  const host = new LinuxHost(fake, abiProfile("ppc64le", 65536));
  // Bit 29 is a direction bit there and the 14th bit of the size on x86.
  expect(host.ioctl(3, 0x2000_3b64, new Uint8Array(1))).toBe(0);
  const generic = new LinuxHost(fake, abiProfile("x86_64", 4096));
  expect(codeOf(() => generic.ioctl(3, 0x2000_3b64, new Uint8Array(1)))).toBe("invalid-argument");
});

test("behavior: nothing stays open", async () => {
  const before = openFiles();
  const event = port.eventFd();
  await port.waitEvent(event, 1);
  await port.ioctlAsync(event, TIOCGWINSZ, new Uint8Array(8));
  port.close(event);
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(openFiles()).toBe(before);
});
