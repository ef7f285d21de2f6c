import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect, test } from "vitest";
import { programFile, temporaryFolder } from "../../test/programs.ts";
import { recordingReporter } from "../../test/recording-reporter.ts";
import { runTargets } from "../run/run-targets.ts";
import { parseTargets } from "../targets/list.ts";
import { bundleProgram } from "./bundle.ts";

async function fact(program: string): Promise<unknown> {
  const reporter = recordingReporter();
  await runTargets({
    file: program,
    targets: parseTargets("sim/vtd"),
    timeoutSeconds: 30,
    seed: undefined,
    kernel: undefined,
    signal: new AbortController().signal,
    openReporter: () => reporter,
  });
  expect(reporter.ends[0]?.outcome).toEqual({ ok: true });
  return reporter.facts[0]?.fact;
}

test("default: a program finds what lies beside it, and so does what it imports", async () => {
  const program = programFile(`#!/usr/bin/env node
    import { readFileSync } from "node:fs";
    import { data } from "./sub/helper.mjs";
    const read = (): string => readFileSync(new URL("./sub/data.json", import.meta.url), "utf8");
    const { url, dirname, filename } = { url: import.meta.url, dirname: import.meta.dirname, filename: import.meta.filename };
    export default (host) => host.log({ read: read(), data, url, dirname, filename });`);
  const folder = dirname(program);
  mkdirSync(join(folder, "sub"));
  writeFileSync(join(folder, "sub/data.json"), "[1]");
  writeFileSync(
    join(folder, "sub/helper.mjs"),
    `import { readFileSync } from "node:fs";
     export const data = readFileSync(new URL("data.json", import.meta.url), "utf8");`,
  );
  expect(await fact(program)).toEqual({
    read: "[1]",
    data: "[1]",
    url: pathToFileURL(program).href,
    dirname: folder,
    filename: program,
  });
});

test("behavior: a CommonJS file that only speaks of import.meta stays one", async () => {
  const program = programFile(
    `import said from "./old.cjs";\nexport default (host) => host.log({ said });`,
  );
  writeFileSync(
    join(dirname(program), "old.cjs"),
    `// not import.meta.url\nmodule.exports = "import.meta.url";`,
  );
  expect(await fact(program)).toEqual({ said: "import.meta.url" });
});

test("error: such a file that does not compile is reported once, with its place", async () => {
  const program = programFile(`export default () => {};\nimport.meta.url = ;`);
  const failed = bundleProgram(program, "sim", join(temporaryFolder(), "out.mjs"));
  await expect(failed).rejects.toMatchObject({
    code: "file-invalid",
    message: expect.stringMatching(/compile\n {2}.*program\.ts:2:19: [^\n]*$/),
  });
});
