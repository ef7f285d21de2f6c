import { execFileSync } from "node:child_process";
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as zlib from "node:zlib";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { bootImage, vmlinux, withLength, zstdFrame } from "../../test/boot-image.ts";
import { isBootImage, readStart, unpackBootImage } from "./boot-image.ts";
import { findTool, requireTool, XZ, ZSTD } from "./tools.ts";

const KERNEL = vmlinux();
const GZIPPED = zlib.gzipSync(KERNEL);
const isZstdBuiltIn = "zstdDecompress" in zlib;

let folder: string;
let image: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "iommukit-test-"));
  image = join(folder, "vmlinuz-6.0");
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

/** What is booted, and what else is in the folder afterwards. */
async function unpack(content: Uint8Array): Promise<{ booted: string; files: string[] }> {
  writeFileSync(image, content);
  const booted = await unpackBootImage(image);
  return { booted, files: readdirSync(folder).sort() };
}

function xz(content: Uint8Array): Buffer {
  return execFileSync(requireTool(XZ), ["--check=crc32", "-c"], { input: content });
}

describe("unpackBootImage", () => {
  test("default: the ELF file, beside the boot image", async () => {
    expect(await unpack(bootImage(GZIPPED))).toEqual({
      booted: join(folder, "vmlinux-6.0"),
      files: ["vmlinux-6.0", "vmlinuz-6.0"],
    });
    expect(readFileSync(join(folder, "vmlinux-6.0"))).toEqual(KERNEL);
    expect(readFileSync(image)).toEqual(bootImage(GZIPPED));
  });

  test("behavior: no setup sectors stand for four", async () => {
    const { booted } = await unpack(bootImage(GZIPPED, { setupSectors: 0 }));
    expect(readFileSync(booted)).toEqual(KERNEL);
  });

  test.skipIf(!isZstdBuiltIn && findTool(ZSTD) === undefined)("behavior: zstd", async () => {
    const { booted, files } = await unpack(bootImage(withLength(zstdFrame(KERNEL), KERNEL.length)));
    expect(readFileSync(booted)).toEqual(KERNEL);
    expect(files).toEqual(["vmlinux-6.0", "vmlinuz-6.0"]);
  });

  test.skipIf(findTool(XZ) === undefined)("behavior: xz", async () => {
    const { booted, files } = await unpack(bootImage(withLength(xz(KERNEL), KERNEL.length)));
    expect(readFileSync(booted)).toEqual(KERNEL);
    expect(files).toEqual(["vmlinux-6.0", "vmlinuz-6.0"]);
  });

  test("behavior: the note is found among others", async () => {
    const notes = [{ name: "GNU\0", type: 18 }, { type: 6 }, { name: "Linux\0" }, {}];
    const { booted } = await unpack(bootImage(zlib.gzipSync(vmlinux(notes))));
    expect(readFileSync(booted)).toEqual(vmlinux(notes));
  });

  const wrongLength = Buffer.from(GZIPPED);
  wrongLength.writeUInt32LE(KERNEL.length + 1, GZIPPED.length - 4);
  const damaged = Buffer.from(GZIPPED).fill(0xff, 20, 30);
  const note = KERNEL.indexOf("Xen\0");
  test.each([
    ["without a note for QEMU", bootImage(zlib.gzipSync(vmlinux([])))],
    ["with other notes", bootImage(zlib.gzipSync(vmlinux([{ name: "GNU\0" }, { type: 17 }])))],
    ["whose note is cut off", bootImage(zlib.gzipSync(KERNEL.subarray(0, note + 3)))],
    ["that is no ELF file", bootImage(zlib.gzipSync(Buffer.alloc(200)))],
    ["of another length", bootImage(wrongLength)],
    ["of another length, zstd", bootImage(withLength(zstdFrame(KERNEL), KERNEL.length - 1))],
    ["that is damaged", bootImage(damaged)],
    ["that is damaged, zstd", bootImage(withLength(zstdFrame(KERNEL).fill(0xff, 6, 9), 1))],
    ["that is damaged, xz", bootImage(Buffer.from("fd377a585a0000000000", "hex"))],
    ["that is cut off", bootImage(GZIPPED).subarray(0, 0x420 + GZIPPED.length - 1)],
    ["that is empty", bootImage(Buffer.alloc(0))],
    ["packed with lz4", bootImage(withLength(Buffer.from("02214c18", "hex"), 1))],
    ["that is not packed", bootImage(withLength(KERNEL, KERNEL.length))],
    ["of a protocol that tells no payload", bootImage(GZIPPED, { version: 0x207 })],
    ["whose header is cut off", bootImage(GZIPPED).subarray(0, 0x24f)],
    ["that is no boot image", KERNEL],
  ])("behavior: a kernel %s stays as it is", async (_, content) => {
    expect(await unpack(content)).toEqual({ booted: image, files: ["vmlinuz-6.0"] });
  });

  test("behavior: so does one for whose compression there is no program", async () => {
    vi.stubEnv("PATH", folder);
    const content = bootImage(withLength(Buffer.from("fd377a585a0000", "hex"), 1));
    expect(await unpack(content)).toEqual({ booted: image, files: ["vmlinuz-6.0"] });
  });

  test("behavior: so does one for which there is no room", async () => {
    mkdirSync(join(folder, "vmlinux-6.0/in-the-way"), { recursive: true });
    expect(await unpack(bootImage(GZIPPED))).toEqual({
      booted: image,
      files: ["vmlinux-6.0", "vmlinuz-6.0"],
    });
  });

  test("behavior: one of another name is not replaced", async () => {
    image = join(folder, "vmlinux-6.0");
    expect((await unpack(bootImage(GZIPPED))).booted).toBe(image);
    expect(readFileSync(image)).toEqual(bootImage(GZIPPED));
  });

  test("error: aborted, and nothing is left", async () => {
    const programs = join(folder, "bin");
    mkdirSync(programs);
    writeFileSync(join(programs, "xz"), "#!/bin/sh\nexec /bin/sleep 60\n");
    chmodSync(join(programs, "xz"), 0o755);
    vi.stubEnv("PATH", programs);
    writeFileSync(image, bootImage(withLength(Buffer.from("fd377a585a0000", "hex"), 1)));
    const unpacked = unpackBootImage(image, AbortSignal.timeout(100));
    await expect(unpacked).rejects.toMatchObject({ code: "aborted" });
    expect(readdirSync(folder).sort()).toEqual(["bin", "vmlinuz-6.0"]);
  });
});

test("isBootImage, readStart", async () => {
  for (const content of [bootImage(GZIPPED), KERNEL, Buffer.alloc(0)]) {
    writeFileSync(image, content);
    expect(await isBootImage(image)).toBe(content.length > 0x400);
    expect(await readStart(image)).toEqual(content.subarray(0, 0x400));
  }
});
