/** The whole set-up, with the real apt and dpkg-deb, from a small archive on the loopback. */

import { execFileSync } from "node:child_process";
import { createHash, randomFillSync } from "node:crypto";
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { bootImage, vmlinux } from "../../test/boot-image.ts";
import { type SetupRequest, setupKernel } from "./debian.ts";
import { findKernel, type InstalledKernel, inspectKernel, recordKernel } from "./kernel.ts";
import type { Progress } from "./packages.ts";
import { findTool, SETUP_TOOLS } from "./tools.ts";

const RELEASE = "6.0.0-test";
const DEB = `linux-image-${RELEASE}_1.0_amd64.deb`;
/** Large, so that a download can be cut short, and packed, as the package has it. */
const KERNEL = vmlinux([{}], randomFillSync(Buffer.alloc(3 << 20)));
const BOOT_IMAGE = bootImage(gzipSync(KERNEL));
/** The archive's kernel has two modules; the third is one that it lacks. */
const MODULES = ["b", "a", "none"];

/** What the server is to do to requests for the package; all count down. */
const trouble = { cutShort: 0, corrupt: 0, stall: 0 };
const ranges: (string | undefined)[] = [];

let archive: string;
let cache: string;
let server: Server;

describe.skipIf(SETUP_TOOLS.some((tool) => findTool(tool) === undefined))("setupKernel", () => {
  beforeAll(async () => {
    archive = mkdtempSync(join(tmpdir(), "iommukit-archive-"));
    makeArchive(archive);
    server = createServer(serve);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  });
  afterAll(async () => {
    await new Promise((resolve) => server.close(resolve));
    rmSync(archive, { recursive: true });
  });
  beforeEach(() => {
    cache = mkdtempSync(join(tmpdir(), "iommukit-cache-"));
    Object.assign(trouble, { cutShort: 0, corrupt: 0, stall: 0 });
    ranges.length = 0;
  });
  afterEach(() => rmSync(cache, { recursive: true }));

  test("default: fetches, unpacks, indexes; the second time does nothing", async () => {
    const progress: Progress[] = [];
    const first = await setup({ onProgress: (step) => progress.push(step) });
    expect(first).toMatchObject({
      changed: true,
      kernel: { release: RELEASE, packageName: `linux-image-${RELEASE}`, version: "1.0" },
    });
    expect(basename(first.kernel.image)).toBe(`vmlinux-${RELEASE}`);
    expect(readFileSync(first.kernel.image)).toEqual(KERNEL);
    expect(readdirSync(first.kernel.modulesDir)).toContain("modules.dep");
    expect(new Set(progress.map(({ label }) => label))).toEqual(
      new Set(["package index", `linux-image-${RELEASE}`, `unpacking linux-image-${RELEASE}`]),
    );
    expect(progress.every(({ received, total }) => received <= total)).toBe(true);

    ranges.length = 0;
    expect(await setup()).toEqual({ ...first, changed: false });
    expect(ranges).toEqual([]);
  });

  test("behavior: an interrupted download goes on where it stopped", async () => {
    trouble.cutShort = 1;
    await expect(setup()).rejects.toMatchObject({
      code: "download-failed",
      hint: expect.stringContaining("goes on where it stopped"),
    });
    expect(await findKernel(cache, "testing", "linux-image-amd64")).toBeUndefined();
    const progress: Progress[] = [];
    const { kernel } = await setup({ onProgress: (step) => progress.push(step) });
    expect(readFileSync(kernel.image)).toEqual(KERNEL);
    expect(ranges.at(-1)).toMatch(/^bytes=[1-9]\d*-$/);
    const first = progress.find(({ label }) => label === `linux-image-${RELEASE}`);
    expect(first?.received).toBe(Number(/\d+/.exec(ranges.at(-1) ?? "")?.[0]));
  });

  test("behavior: so does one that the user stopped", async () => {
    trouble.stall = 1;
    const aborting = new AbortController();
    const onProgress = ({ label, received }: Progress): void => {
      if (label.startsWith("linux-image") && received > 0) aborting.abort();
    };
    const stopped = setup({ signal: aborting.signal, onProgress });
    await expect(stopped).rejects.toMatchObject({ code: "aborted" });
    await setup();
    expect(ranges.at(-1)).toMatch(/^bytes=[1-9]\d*-$/);
  });

  test("behavior: a package that arrives damaged is fetched again, whole", async () => {
    trouble.corrupt = 1;
    const { kernel } = await setup();
    expect(readFileSync(kernel.image)).toEqual(KERNEL);
    expect(ranges).toEqual([undefined, undefined]);
  });

  test("error: checksum-mismatch when it always arrives damaged; nothing is kept", async () => {
    trouble.corrupt = Number.POSITIVE_INFINITY;
    await expect(setup()).rejects.toMatchObject({ code: "checksum-mismatch" });
    expect(await findKernel(cache, "testing", "linux-image-amd64")).toBeUndefined();
  });

  test("behavior: a complete download that was damaged since is not believed", async () => {
    const downloads = join(cache, "apt/testing-amd64/cache/archives");
    mkdirSync(downloads, { recursive: true });
    writeFileSync(join(downloads, DEB), "damaged");
    const { kernel } = await setup();
    expect(readFileSync(kernel.image)).toEqual(KERNEL);
  });

  test("behavior: a kernel that was damaged in the cache is set up again", async () => {
    const { kernel } = await setup();
    writeFileSync(kernel.image, "damaged");
    expect(await findKernel(cache, "testing", "linux-image-amd64")).toBeUndefined();
    expect((await setup()).changed).toBe(true);
    expect(readFileSync(kernel.image)).toEqual(KERNEL);
  });

  test("behavior: so is one of which a module or the index was damaged", async () => {
    const first = await setup({ modules: MODULES });
    expect(new Set(Object.keys(first.kernel.moduleSha256))).toEqual(
      new Set(["modules.dep", "modules.builtin", "kernel/a.ko", "kernel/b.ko"]),
    );
    expect(await setup({ modules: MODULES })).toEqual({ ...first, changed: false });
    for (const name of ["kernel/b.ko", "modules.dep"]) {
      const file = join(first.kernel.modulesDir, name);
      const whole = readFileSync(file);
      truncateSync(file, 5);
      expect(await inspectKernel(cache, "testing", "linux-image-amd64")).toMatchObject({
        state: "damaged",
        file,
      });
      expect((await setup({ modules: MODULES })).changed).toBe(true);
      expect(readFileSync(file)).toEqual(whole);
    }
  });

  test("behavior: damage that refresh meets is mended too", async () => {
    const { kernel } = await setup({ modules: MODULES });
    rmSync(join(kernel.modulesDir, "kernel/a.ko"));
    expect((await setup({ modules: MODULES, refresh: true })).changed).toBe(true);
  });

  test("behavior: modules that nobody vouched for are set up again, once", async () => {
    await setup();
    expect((await setup({ modules: MODULES })).changed).toBe(true);
    expect((await setup({ modules: MODULES })).changed).toBe(false);
  });

  test("behavior: refresh asks the archive, and keeps a kernel that is still current", async () => {
    const { kernel } = await setup();
    expect(await setup({ refresh: true })).toEqual({ kernel, changed: false });
  });

  test.each([false, true])(
    "behavior: a kernel that was set up packed is unpacked, once; refresh: %s",
    async (refresh) => {
      const { kernel } = await setup();
      await pack(kernel, BOOT_IMAGE);
      ranges.length = 0;
      expect(await setup({ refresh })).toEqual({ kernel, changed: true });
      expect(readFileSync(kernel.image)).toEqual(KERNEL);
      expect(await setup({ refresh })).toEqual({ kernel, changed: false });
      expect(ranges).toEqual([]);
    },
  );

  test("behavior: a packed kernel in a cache that cannot be locked is kept as it is", async () => {
    const packed = await pack((await setup()).kernel, BOOT_IMAGE);
    rmSync(join(cache, "apt"), { recursive: true });
    writeFileSync(join(cache, "apt"), "where folders were");
    expect(await setup()).toEqual({ kernel: packed, changed: false });
    const signal = AbortSignal.abort();
    await expect(setup({ signal })).rejects.toThrow();
    await expect(setup({ refresh: true })).rejects.toThrow();
  });

  test("behavior: a kernel that cannot be unpacked is kept as it is", async () => {
    const packed = await pack((await setup()).kernel, bootImage(Buffer.from("no kernel")));
    expect(await setup()).toEqual({ kernel: packed, changed: false });
    expect(await findKernel(cache, "testing", "linux-image-amd64")).toEqual(packed);
  });

  test("behavior: of two at the same time one does the work", async () => {
    const results = await Promise.all([setup(), setup()]);
    expect(results.map(({ changed }) => changed).sort()).toEqual([false, true]);
  });

  test("error: package-unknown", async () => {
    await expect(setup({ metaPackage: "linux-image-none" })).rejects.toMatchObject({
      code: "package-unknown",
    });
  });

  test("error: index-failed, with what apt said", async () => {
    await expect(setup({ suite: "nosuch" })).rejects.toMatchObject({
      code: "index-failed",
      facts: { stderr: expect.stringContaining("nosuch") },
    });
  });

  test("error: aborted, before and during the work", async () => {
    await expect(setup({ signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: "aborted",
    });
    await expect(setup({ signal: AbortSignal.timeout(30) })).rejects.toMatchObject({
      code: "aborted",
    });
    expect((await setup()).changed).toBe(true);
  });
});

function setup(more: Partial<SetupRequest> = {}): ReturnType<typeof setupKernel> {
  const { port } = server.address() as AddressInfo;
  return setupKernel({
    metaPackage: "linux-image-amd64",
    architecture: "amd64",
    suite: "testing",
    mirror: `http://127.0.0.1:${port}`,
    trust: "unsigned",
    retries: 0,
    cache,
    ...more,
  });
}

/** Makes the cache as it was before kernels were unpacked. */
async function pack(kernel: InstalledKernel, content: Buffer): Promise<InstalledKernel> {
  const image = join(dirname(kernel.image), `vmlinuz-${RELEASE}`);
  const packed = { ...kernel, image, imageSha256: digest(content) };
  rmSync(kernel.image);
  writeFileSync(image, content);
  await recordKernel(cache, "testing", "linux-image-amd64", packed);
  return packed;
}

/** A repository of two packages: the meta-package and a "kernel". */
function makeArchive(root: string): void {
  const tree = join(root, "tree");
  const write = (path: string, content: string | Uint8Array): void => {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
  };
  for (const name of ["a", "b"])
    write(join(tree, `usr/lib/modules/${RELEASE}/kernel/${name}.ko`), `elf of ${name}`);
  const control = `Package: linux-image-${RELEASE}\nVersion: 1.0\nArchitecture: amd64
Maintainer: nobody <nobody@localhost>\nDepends: kmod, linux-base (>= 4) | other
Description: test\n`;
  write(join(tree, "DEBIAN/control"), control);
  write(join(tree, `boot/vmlinuz-${RELEASE}`), BOOT_IMAGE);
  write(join(tree, `usr/lib/modules/${RELEASE}/modules.order`), "");
  write(join(tree, `usr/lib/modules/${RELEASE}/modules.builtin`), "kernel/fs/fuse.ko\n");
  const deb = join(root, "pool", DEB);
  mkdirSync(dirname(deb));
  execFileSync("dpkg-deb", ["-Znone", "--root-owner-group", "--build", tree, deb]);
  const file = readFileSync(deb);
  const packages = `${control}Filename: pool/${DEB}\nSize: ${file.length}\nSHA256: ${digest(file)}

Package: linux-image-amd64\nVersion: 1.0\nArchitecture: amd64
Maintainer: nobody <nobody@localhost>\nDepends: linux-image-${RELEASE} (= 1.0)
Filename: pool/none.deb\nSize: 1\nSHA256: ${"0".repeat(64)}\nDescription: meta\n`;
  const index = "main/binary-amd64/Packages";
  write(join(root, "dists/testing", index), packages);
  write(
    join(root, "dists/testing/Release"),
    `Suite: testing\nCodename: testing\nArchitectures: amd64\nComponents: main
Date: Sat, 01 Jan 2000 00:00:00 UTC\nSHA256:\n ${digest(packages)} ${packages.length} ${index}\n`,
  );
}

function digest(content: string | Uint8Array): string {
  return createHash("sha256").update(content).digest("hex");
}

function serve(request: IncomingMessage, response: ServerResponse): void {
  const path = decodeURIComponent(request.url ?? "");
  const file = read(join(archive, path));
  if (file === undefined) return void response.writeHead(404).end();
  const isPackage = path.endsWith(".deb");
  const { range } = request.headers;
  if (isPackage) ranges.push(range);
  const start = Number(/^bytes=(\d+)-$/.exec(range ?? "")?.[1] ?? 0);
  const body = Buffer.from(file.subarray(start));
  response.writeHead(range === undefined ? 200 : 206, {
    "Content-Length": body.length,
    "Last-Modified": "Sat, 01 Jan 2000 00:00:00 GMT",
    ...(range && { "Content-Range": `bytes ${start}-${file.length - 1}/${file.length}` }),
  });
  if (isPackage && trouble.cutShort-- > 0) {
    return void response.write(body.subarray(0, body.length >> 1), () => {
      setTimeout(() => response.destroy(), 50);
    });
  }
  if (isPackage && trouble.stall-- > 0) return void response.write(body.subarray(0, 1 << 20));
  if (isPackage && trouble.corrupt-- > 0) body.fill(0xff, body.length >> 1);
  response.end(body);
}

function read(path: string): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch {
    return undefined;
  }
}
