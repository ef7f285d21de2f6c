import { mkdirSync, mkdtempSync, renameSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type GuestRoot, inspectGuestRoot, recordGuestRoot, rootsFolder } from "./guest-root.ts";
import { digestsOf } from "./kernel-files.ts";
import { rootTrouble } from "./kernel-trouble.ts";
import { machineFor } from "./machines.ts";

let cache: string;
let root: GuestRoot;
beforeEach(async () => {
  cache = mkdtempSync(join(tmpdir(), "iommukit-test-"));
  const path = join(rootsFolder(cache, "s"), "ppc64el");
  mkdirSync(join(path, "usr/bin"), { recursive: true });
  writeFileSync(join(path, "usr/bin/node"), "node");
  const fileSha256 = await digestsOf(path, ["usr/bin/node"]);
  root = { path, node: "20.19.2", koffi: "3.3.4", packages: "nodejs", fileSha256 };
  await recordGuestRoot(cache, "s", "ppc64el", root);
});

afterEach(() => rmSync(cache, { recursive: true }));

describe("inspectGuestRoot", () => {
  test("default: what was recorded, or nothing", async () => {
    expect(await inspectGuestRoot(cache, "s", "ppc64el")).toEqual({ state: "ready", root });
    expect(await inspectGuestRoot(cache, "s", "amd64")).toEqual({ state: "absent" });
    expect(await inspectGuestRoot(cache, "t", "ppc64el")).toEqual({ state: "absent" });
  });

  test("behavior: the cache may be moved", async () => {
    const moved = `${cache}-moved`;
    renameSync(cache, moved);
    const found = await inspectGuestRoot(moved, "s", "ppc64el");
    renameSync(moved, cache);
    expect(found).toMatchObject({ root: { path: root.path.replace(cache, moved) } });
  });

  test("behavior: names the file that was cut or removed", async () => {
    const file = join(root.path, "usr/bin/node");
    for (const damage of [() => truncateSync(file, 1), () => rmSync(file)]) {
      damage();
      expect(await inspectGuestRoot(cache, "s", "ppc64el")).toEqual({ state: "damaged", file });
    }
  });

  test.each(["", "{", "[]", "{}", '{"path":"/etc"}'])(
    "behavior: a damaged record is like none: %j",
    async (text) => {
      writeFileSync(join(rootsFolder(cache, "s"), "ppc64el.json"), text);
      expect(await inspectGuestRoot(cache, "s", "ppc64el")).toEqual({ state: "absent" });
    },
  );

  test("behavior: a record that names a file elsewhere is none", async () => {
    const fileSha256 = { "/etc/passwd": "ab" };
    await recordGuestRoot(cache, "s", "ppc64el", { ...root, fileSha256 });
    expect(await inspectGuestRoot(cache, "s", "ppc64el")).toEqual({ state: "absent" });
  });
});

test("rootTrouble: the target by its full name, and the command that helps", () => {
  const machine = machineFor("powernv9");
  const hint = "run: iommukit setup qemu/powernv9";
  expect(rootTrouble(machine, { state: "absent" })).toMatchObject({
    code: "root-not-set-up",
    facts: { architecture: "ppc64el" },
    hint,
  });
  expect(rootTrouble(machine, { state: "damaged", file: "/r" })).toMatchObject({
    code: "root-damaged",
    facts: { file: "/r" },
    hint,
  });
});
