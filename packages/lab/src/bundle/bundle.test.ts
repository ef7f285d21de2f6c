import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { PROGRAMS, programFile, temporaryFolder } from "../../test/programs.ts";
import { reportOf } from "../errors.ts";
import { bundleProgram, checkProgram } from "./bundle.ts";

describe("checkProgram", () => {
  test.each(["p.ts", "p.mts", "p.mjs"])("default: takes %s", async (name) => {
    const file = programFile(PROGRAMS.ok, name);
    await expect(checkProgram(file)).resolves.toBe(file);
  });

  test.each([
    "const run = () => {}; export default run;",
    "const run = () => {}; export { run as default };",
    "export default class {}",
  ])("behavior: sees the default export of %s", async (source) => {
    await expect(checkProgram(programFile(source))).resolves.toBeTypeOf("string");
  });

  test.each([
    ["no-default-export", "p.ts", "export const x = 1;"],
    ["no-default-export", "p.ts", "export * from './other.ts';"],
    ["no-default-export", "p.mjs", ""],
    ["file-invalid", "p.ts", "export default function ({"],
    ["file-kind", "p.js", PROGRAMS.ok],
    ["file-kind", "p.json", "{}"],
    ["file-kind", "p", PROGRAMS.ok],
  ])("error: %s for %s holding %j", async (code, name, source) => {
    await expect(checkProgram(programFile(source, name))).rejects.toMatchObject({ code });
  });

  test("error: a file that is not there, and a folder", async () => {
    const folder = temporaryFolder();
    const missing = { code: "file-unreadable", message: expect.stringContaining("ENOENT") };
    await expect(checkProgram(join(folder, "none.ts"))).rejects.toMatchObject(missing);
    await expect(checkProgram(folder)).rejects.toMatchObject({ code: "file-unreadable" });
  });
});

test("behavior: the program that the hint names is one of the examples", async () => {
  const error: unknown = await checkProgram("none.ts").catch((cause: unknown) => cause);
  const [name = ""] = /examples\/\S+/.exec(reportOf(error).hint ?? "") ?? [];
  const file = fileURLToPath(new URL(`../../../../${name}`, import.meta.url));
  await expect(checkProgram(file)).resolves.toBe(file);
});

describe("bundleProgram", () => {
  test("default: one file without types or `using`, koffi from where it lies", async () => {
    const file = programFile(
      `const end: Disposable = { [Symbol.dispose]() {} };\nexport default () => { using x = end; };`,
    );
    const out = join(temporaryFolder(), "out.mjs");
    const { code, map, koffi } = await bundleProgram(file, "linux", out);
    expect(code).not.toMatch(/\busing x\b|: Disposable/);
    expect(code).toMatch(/require\("\/[^"]*koffi[^"]*"\)/);
    expect(code).not.toMatch(/from "[^"]*koffi/);
    expect(koffi).toEqual([expect.stringMatching(/^\/.*koffi.*\.c?js$/)]);
    expect(code).not.toMatch(/from "@iommukit/);
    expect(JSON.parse(map)).toMatchObject({ version: 3 });
  });

  test("behavior: a program's error class is the simulated kernel's", async () => {
    const file = programFile(PROGRAMS.throwsIommu);
    const { code } = await bundleProgram(file, "sim", join(temporaryFolder(), "out.mjs"));
    expect(code.match(/IommuError = class|class \w*IommuError\b/g)).toHaveLength(1);
    expect(code).not.toContain("koffi");
  });

  test("error: an import that is nowhere, with its place", async () => {
    const file = programFile(`import "nowhere-at-all";\nexport default () => {};`);
    const failed = bundleProgram(file, "sim", join(temporaryFolder(), "out.mjs"));
    await expect(failed).rejects.toMatchObject({
      code: "file-invalid",
      message: expect.stringContaining(`${file}:1:8: Could not resolve "nowhere-at-all"`),
      hint: expect.stringContaining("install"),
    });
  });
});
