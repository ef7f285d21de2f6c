/** The whole set-up, with the real apt, dpkg-deb and npm, from small archives on the loopback. */

import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { inspectGuestRoot } from "./guest-root.ts";
import type { Progress } from "./packages.ts";
import { type RootRequest, setupGuestRoot } from "./root-setup.ts";
import { APT, APT_CACHE, DPKG_DEB, findTool, NPM, TAR } from "./tools.ts";

/** In the registry: the version and the files of each. */
const NPM_PACKAGES = [
  {
    name: "@koromix/koffi-linux-ppc64",
    version: "3.3.4",
    files: { "index.js": "native" },
  },
  {
    name: "node-linux-ppc64le",
    version: "20.0.1",
    files: { "bin/node": "node", "include/node.h": "header", "README.md": "text" },
  },
] as const;
/** They need each other, as libc6 and libgcc-s1 do; the third is needed by exactly its version. */
const PACKAGES = [
  { name: "tool", depends: "libc6, libtool (= 1:2.0)", files: { "usr/bin/tool": "tool" } },
  { name: "libtool", depends: "libc6", files: { "usr/lib/libtool.so": "library" } },
  {
    name: "libc6",
    depends: "tool",
    files: { "usr/lib64/ld64.so.2": "linker", "usr/share/doc/libc6": "text", "etc/x": "text" },
  },
];
const MISSING = [APT, APT_CACHE, DPKG_DEB, NPM, TAR].some((tool) => findTool(tool) === undefined);

let archive: string;
let server: Server;
let cache: string;
const asked: string[] = [];

describe.skipIf(MISSING)("setupGuestRoot", () => {
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
    asked.length = 0;
  });
  afterEach(() => rmSync(cache, { recursive: true }));

  test("default: packages with all they need, koffi's native half; the second time nothing", async () => {
    const progress: Progress[] = [];
    const { root, changed } = await setup({ onProgress: (step) => progress.push(step) });
    expect(changed).toBe(true);
    expect(root).toMatchObject({ node: "20.0.1", koffi: "3.3.4", packages: "tool" });
    const read = (path: string): string => readFileSync(join(root.path, path), "utf8");
    expect(read("usr/bin/node")).toBe("node");
    expect(read("usr/bin/tool")).toBe("tool");
    expect(read("usr/lib/libtool.so")).toBe("library");
    expect(read("lib64/ld64.so.2")).toBe("linker");
    expect(readlinkSync(join(root.path, "lib"))).toBe("usr/lib");
    expect(read("usr/lib/iommukit/koffi/index.js")).toBe("native");
    // Documents and settings stay behind.
    expect(readdirSync(root.path).sort()).toEqual(["lib", "lib64", "usr"]);
    expect(readdirSync(join(root.path, "usr")).sort()).toEqual(["bin", "lib", "lib64"]);
    expect(await inspectGuestRoot(cache, "testing", "ppc64el")).toEqual({ state: "ready", root });
    expect(progress.every(({ received, total }) => received <= total)).toBe(true);

    asked.length = 0;
    expect(await setup()).toEqual({ root, changed: false });
    expect(asked).toEqual([]);
  });

  test("behavior: another koffi, another Node or other packages are set up anew", async () => {
    await setup();
    await expect(setup({ koffi: "3.3.5" })).rejects.toMatchObject({
      code: "download-failed",
      facts: { version: "3.3.5" },
    });
    await expect(setup({ node: "20.0.2" })).rejects.toMatchObject({
      code: "download-failed",
      facts: { version: "20.0.2" },
    });
    const { root, changed } = await setup({ packages: ["libc6"] });
    expect([root.packages, changed]).toEqual(["libc6", true]);
  });

  test("behavior: a root that was damaged is set up again", async () => {
    const { root } = await setup();
    writeFileSync(join(root.path, "usr/bin/node"), "who");
    expect((await setup()).changed).toBe(true);
    expect(readFileSync(join(root.path, "usr/bin/node"), "utf8")).toBe("node");
  });

  test("error: package-unknown; nothing is kept", async () => {
    await expect(setup({ packages: ["none"] })).rejects.toMatchObject({ code: "package-unknown" });
    expect(await inspectGuestRoot(cache, "testing", "ppc64el")).toEqual({ state: "absent" });
  });

  test("error: aborted", async () => {
    await expect(setup({ signal: AbortSignal.abort() })).rejects.toMatchObject({ code: "aborted" });
  });
});

function address(): string {
  const { port } = server.address() as AddressInfo;
  return `http://127.0.0.1:${port}`;
}

function setup(more: Partial<RootRequest> = {}): ReturnType<typeof setupGuestRoot> {
  return setupGuestRoot({
    architecture: "ppc64el",
    arch: "ppc64",
    koffi: "3.3.4",
    node: "20.0.1",
    packages: ["tool"],
    suite: "testing",
    mirror: address(),
    registry: `${address()}/npm/`,
    trust: "unsigned",
    retries: 0,
    cache,
    ...more,
  });
}

function makeArchive(root: string): void {
  const stanzas = PACKAGES.map((each) => makePackage(root, each));
  const index = "main/binary-ppc64el/Packages";
  const packages = stanzas.join("\n");
  write(join(root, "dists/testing", index), packages);
  write(
    join(root, "dists/testing/Release"),
    `Suite: testing\nCodename: testing\nArchitectures: ppc64el\nComponents: main
Date: Sat, 01 Jan 2000 00:00:00 UTC\nSHA256:\n ${digest(packages)} ${packages.length} ${index}\n`,
  );
  for (const each of NPM_PACKAGES) makeNpmPackage(root, each);
}

function makeNpmPackage(root: string, { name, version, files }: (typeof NPM_PACKAGES)[number]) {
  const tree = join(root, "npm", name);
  write(join(tree, "package/package.json"), JSON.stringify({ name, version }));
  for (const [path, content] of Object.entries(files)) write(join(tree, "package", path), content);
  execFileSync("tar", ["-czf", join(root, tarball(name)), "-C", tree, "package"]);
}

function tarball(name: string): string {
  return `${name.replace("/", "-")}.tgz`;
}

function makePackage(root: string, { name, depends, files }: (typeof PACKAGES)[number]): string {
  const tree = join(root, "trees", name);
  const control = `Package: ${name}\nVersion: 1:2.0\nArchitecture: ppc64el
Maintainer: nobody <nobody@localhost>\nDepends: ${depends}\nDescription: test\n`;
  write(join(tree, "DEBIAN/control"), control);
  for (const [path, content] of Object.entries(files)) write(join(tree, path), content);
  const deb = join(root, `pool/${name}_2.0_ppc64el.deb`);
  mkdirSync(dirname(deb), { recursive: true });
  execFileSync("dpkg-deb", ["-Znone", "--root-owner-group", "--build", tree, deb]);
  const file = readFileSync(deb);
  return `${control}Filename: pool/${name}_2.0_ppc64el.deb\nSize: ${file.length}\nSHA256: ${digest(file)}\n`;
}

function write(path: string, content: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
}

function digest(content: string | Uint8Array): string {
  return createHash("sha256").update(content).digest("hex");
}

function serve({ url = "" }: IncomingMessage, response: ServerResponse): void {
  const path = decodeURIComponent(url);
  asked.push(path);
  const asPackage = NPM_PACKAGES.find(({ name }) => path === `/npm/${name}`);
  const body = asPackage === undefined ? read(join(archive, path)) : packument(asPackage);
  if (body === undefined) return void response.writeHead(404).end();
  response.writeHead(200, { "Last-Modified": "Sat, 01 Jan 2000 00:00:00 GMT" }).end(body);
}

/** What a registry tells of a package. */
function packument({ name, version }: (typeof NPM_PACKAGES)[number]): string {
  const file = readFileSync(join(archive, tarball(name)));
  const integrity = `sha512-${createHash("sha512").update(file).digest("base64")}`;
  const dist = { tarball: `${address()}/${tarball(name)}`, integrity };
  const versions = { [version]: { name, version, dist } };
  return JSON.stringify({ name, "dist-tags": { latest: version }, versions });
}

function read(path: string): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch {
    return undefined;
  }
}
