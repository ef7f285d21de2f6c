import { writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { programFile, temporaryFolder } from "../../test/programs.ts";
import { bundleProgram } from "./bundle.ts";
import { createStackMap, type StackMap } from "./stack.ts";

const SOURCE = `export default () => {};\nexport function fails(): never {\n  throw new Error("here");\n}`;

interface Mapped {
  readonly file: string;
  readonly place: string;
  readonly stacks: StackMap;
}

async function mapped(folder?: string, source = SOURCE): Promise<Mapped> {
  const program = programFile(source);
  const file = join(temporaryFolder(), "out.mjs");
  const { code, map } = await bundleProgram(program, "sim", file);
  writeFileSync(file, code);
  const line = code.split("\n").findIndex((text) => text.includes('new Error("here")'));
  const column = code.split("\n")[line]?.indexOf("new Error") ?? -1;
  const stacks = createStackMap({ file, map, program, folder: folder ?? dirname(program) });
  return { file: program, place: `${file}:${line + 1}:${column + 1}`, stacks };
}

test("default: a place in the bundle becomes the place in the program", async () => {
  const { place, stacks } = await mapped();
  expect(stacks.text(`Error: here\n    at fails (file://${place})`)).toBe(
    "Error: here\n    at fails (program.ts:3:9)",
  );
  expect(stacks.origin(`    at fails (${place})`)).toBe("program.ts:3:9");
});

test("behavior: so it does in a file that asks where it is", async () => {
  const { place, stacks } = await mapped(
    undefined,
    `${SOURCE}\nexport const at = import.meta.url;`,
  );
  expect(stacks.origin(`    at fails (${place})`)).toBe("program.ts:3:9");
});

test("behavior: outside the folder the whole path is shown", async () => {
  const { file, place, stacks } = await mapped("/nowhere/else");
  expect(stacks.text(place)).toBe(`${file}:3:9`);
});

test("behavior: other text is untouched", async () => {
  const { stacks } = await mapped();
  const text = "at /elsewhere/out.mjs:1:1 and out.mjs:99";
  expect(stacks.text(text)).toBe(text);
  expect(stacks.origin(text)).toBeUndefined();
});
