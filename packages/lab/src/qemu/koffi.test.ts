import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { temporaryFolder } from "../../test/programs.ts";
import { installedKoffi, koffiOf, nativePackage, nativePlace } from "./koffi.ts";

test("default: the package that a file belongs to, and the place of its native half", () => {
  const modules = join(temporaryFolder(), "node_modules");
  const folder = join(modules, "koffi");
  mkdirSync(join(folder, "src/koffi"), { recursive: true });
  writeFileSync(join(folder, "package.json"), '{"name":"koffi","version":"3.9.1"}');
  // A folder on the way that has a manifest of its own.
  writeFileSync(join(folder, "src/package.json"), '{"type":"commonjs"}');
  const koffi = koffiOf(join(folder, "src/koffi/index.cjs"));
  expect(koffi).toEqual({ folder, version: "3.9.1" });
  expect(nativePackage("ppc64")).toBe("@koromix/koffi-linux-ppc64");
  expect(nativePlace(koffi, "ppc64")).toBe(join(modules, "@koromix/koffi-linux-ppc64"));
});

test("behavior: the installed one looks there for this machine's native half", async () => {
  const place = nativePlace(installedKoffi(), process.arch);
  const native = (await import(join(place, "index.js"))) as { readonly default?: unknown };
  expect(native.default).toBeTypeOf("object");
});

test("error: a file of no koffi", () => {
  expect(() => koffiOf("/usr/lib/other.js")).toThrow("is no file of koffi");
});
