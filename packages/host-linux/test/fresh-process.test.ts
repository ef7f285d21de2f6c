// Runs tests that could end the process in one of their own: its exit shows whether they are harmless.

import { spawnSync } from "node:child_process";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const vitest = join(
  dirname(createRequire(import.meta.url).resolve("vitest/package.json")),
  "vitest.mjs",
);
const root = fileURLToPath(new URL("../../..", import.meta.url));

function run(
  environment: Record<string, string>,
  file = "stale-view.test.ts",
): {
  readonly ok: boolean;
  readonly output: string;
} {
  const child = spawnSync(
    process.execPath,
    [vitest, "run", `packages/host-linux/test/${file}`, "--reporter=verbose"],
    { cwd: root, encoding: "utf8", timeout: 200_000, env: { ...process.env, ...environment } },
  );
  return { ok: child.status === 0, output: child.stdout + child.stderr };
}

test("rule: reading and writing bytes after close does not end the process", () => {
  const { ok, output } = run({});
  expect(ok, output).toBe(true);
  expect(output).toMatch(/3 passed/);
});

test("the detector: without the port's care the process does end", () => {
  expect(run({ IOMMUKIT_PROVE_DETECTOR: "1" }).ok).toBe(false);
});

test("rule: what a pool thread writes is kept, whatever the collector does", () => {
  const { ok, output } = run({}, "kept-views.test.ts");
  expect(ok, output).toBe(true);
});
