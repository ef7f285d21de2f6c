// Program files for tests: written into a folder of their own, as a user's would lie.

import { mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";

/** An empty folder that goes with the test. */
export function temporaryFolder(): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "iommukit-test-")));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Writes a program and answers its path. */
export function programFile(source: string, name = "program.ts"): string {
  const file = join(temporaryFolder(), name);
  writeFileSync(file, source);
  return file;
}

export const PROGRAMS = {
  ok: `export default function (host) { host.log({ target: host.target }); }`,
  hangs: `export default function (host) { host.log({ pid: process.pid }); for (;;); }`,
  waits: `export default function (host) { host.log({ pid: process.pid }); return new Promise(() => setInterval(() => {}, 1000)); }`,
  stalls: `export default () => new Promise(() => {});`,
  exits: `export default function (host) { host.log({ before: 1 }); process.exit(3); }`,
  throwsPlain: `function inner() {\n  throw new TypeError("plain");\n}\nexport default () => inner();`,
  throwsIommu: `import { iova } from "@iommukit/core";\nexport default () => {\n  iova(-1n);\n};`,
  throwsLate: `export default () => new Promise(() => setTimeout(() => {\n  throw new Error("late");\n}, 1));`,
  throwsAtOnce: `throw new Error("first line");\nexport default () => {};`,
  noise: `export default function (host) {
  console.log("to the log");
  process.stdout.write('{"target":"sim/vtd","fact":{"forged":true}}\\n');
  host.log({ honest: true });
  console.error("to the errors");
}`,
} as const;
