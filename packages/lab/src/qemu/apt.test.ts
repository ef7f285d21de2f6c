import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import {
  type Archive,
  aptConfiguration,
  debianKeyring,
  parseAptProgress,
  prepareApt,
  sourcesList,
} from "./apt.ts";
import { parseStanzas } from "./deb822.ts";
import { pretendInstalled } from "./download.ts";
import { packageRecord, parseSimulated } from "./packages.ts";

const ARCHIVE: Archive = {
  mirror: "http://mirror.example/debian",
  suite: "trixie",
  architecture: "amd64",
  trust: { keyring: "/keys.gpg" },
};

const folder = mkdtempSync(join(tmpdir(), "iommukit-test-"));
afterAll(() => rmSync(folder, { recursive: true }));

describe("sourcesList", () => {
  test("default: signed", () => {
    expect(sourcesList(ARCHIVE)).toBe(
      "deb [arch=amd64 signed-by=/keys.gpg] http://mirror.example/debian trixie main\n",
    );
  });

  test("behavior: unsigned only when asked for by name", () => {
    expect(sourcesList({ ...ARCHIVE, trust: "unsigned" })).toContain("trusted=yes");
  });
});

describe("aptConfiguration", () => {
  const text = aptConfiguration("/root/apt", ARCHIVE);

  test("default: every path that apt writes to is private", () => {
    const paths = [...text.matchAll(/^Dir::\S+ "(.*)";$/gm)].map(([, path]) => path);
    expect(paths.length).toBeGreaterThan(6);
    for (const path of paths) {
      expect(path).toMatch(/^(\/root\/apt|\/dev\/null$|lists\/$|archives\/$)/);
    }
  });

  test("behavior: the machine's hooks and architectures do not apply", () => {
    expect(text).toContain("#clear APT::Architectures;");
    expect(text).toContain("#clear APT::Update::Post-Invoke;");
    expect(text).toContain('APT::Architectures { "amd64"; };');
  });
});

test("prepareApt: lays out the state, and again without harm", async () => {
  await prepareApt(folder, ARCHIVE);
  const state = await prepareApt(folder, ARCHIVE);
  expect(readFileSync(state.configuration, "utf8")).toBe(aptConfiguration(folder, ARCHIVE));
  expect(readFileSync(state.installed, "utf8")).toBe("");
});

describe("debianKeyring", () => {
  test("default: the first that exists", () => {
    const keyring = join(folder, "keys.gpg");
    writeFileSync(keyring, "");
    expect(debianKeyring(["/nowhere", keyring])).toBe(keyring);
  });

  test("error: keyring-missing", () => {
    expect(() => debianKeyring(["/nowhere"])).toThrow(
      expect.objectContaining({ code: "keyring-missing" }),
    );
  });
});

test.each([
  ["dlstatus:1:15.5489:Retrieving file 1 of 1", 15.5489],
  ["dlstatus:3:100.0000:x", 100],
  ["pmstatus:kmod:50.0:Installing", undefined],
  ["dlstatus:1:", undefined],
  ["", undefined],
])("parseAptProgress(%j) is %j", (line, percent) => {
  expect(parseAptProgress(line)).toBe(percent);
});

describe("packages", () => {
  const [stanza = new Map()] = parseStanzas(
    "Package: linux-image-6\nVersion: 6-1\nSize: 12\nSHA256: ab\n" +
      "Pre-Depends: linux-base (>= 4)\nDepends: kmod, initramfs-tools | dracut, linux-base\n",
  );

  test("packageRecord", () => {
    expect(packageRecord(stanza)).toMatchObject({
      name: "linux-image-6",
      version: "6-1",
      size: 12,
      sha256: "ab",
      depends: [
        [{ name: "linux-base" }],
        [{ name: "kmod" }],
        [{ name: "initramfs-tools" }, { name: "dracut" }],
        [{ name: "linux-base" }],
      ],
    });
  });

  test("pretendInstalled: one of each alternative, once", () => {
    const status = parseStanzas(pretendInstalled(packageRecord(stanza)));
    expect(status.map((entry) => entry.get("package"))).toEqual([
      "linux-base",
      "kmod",
      "initramfs-tools",
    ]);
    expect(status.every((entry) => entry.get("status") === "install ok installed")).toBe(true);
  });
});

test("parseSimulated: what apt would install, with versions", () => {
  const text = `Reading package lists...
Inst gcc-14-base (14.2.0-19 Debian:13.6/stable [ppc64el]) []
Inst busybox-static (1:1.37.0-6+b9 Debian:13.6/stable [ppc64el])
Conf gcc-14-base (14.2.0-19 Debian:13.6/stable [ppc64el])
`;
  expect(parseSimulated(text)).toEqual(["gcc-14-base=14.2.0-19", "busybox-static=1:1.37.0-6+b9"]);
});
