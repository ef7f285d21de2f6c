import { readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { describe, expect, test } from "vitest";
import { gone } from "../../test/command.ts";
import { PROGRAMS, programFile } from "../../test/programs.ts";
import { type RecordingReporter, recordingReporter } from "../../test/recording-reporter.ts";
import { LabError } from "../errors.ts";
import { parseTargets } from "../targets/list.ts";
import type { Target } from "../targets/target.ts";
import { type RunOptions, runTargets } from "./run-targets.ts";

interface Ran {
  readonly ok: boolean;
  readonly reporter: RecordingReporter;
}

async function run(file: string, options: Partial<RunOptions> = {}): Promise<Ran> {
  const reporter = recordingReporter();
  const ok = await runTargets({
    file,
    targets: parseTargets("sim/vtd"),
    timeoutSeconds: 30,
    seed: undefined,
    kernel: undefined,
    signal: new AbortController().signal,
    openReporter: () => reporter,
    ...options,
  });
  return { ok, reporter };
}

function errorOf({ reporter }: Ran): unknown {
  const outcome = reporter.ends[0]?.outcome;
  return outcome?.ok === false ? outcome.error : undefined;
}

describe("default: the kinds of program file", () => {
  test.each([
    ["p.mjs", PROGRAMS.ok],
    [
      "p.ts",
      `export default function (host: { target: string; log(f: object): void }): void { host.log({ target: host.target }); }`,
    ],
    [
      "p.mts",
      `import type { Host } from "@iommukit/lab";\nexport default async (host: Host): Promise<void> => { host.log({ target: host.target }); };`,
    ],
  ])("%s, on two targets in order", async (name, source) => {
    const targets = parseTargets("sim/amdvi,sim/vtd");
    const { ok, reporter } = await run(programFile(source, name), { targets });
    expect(ok).toBe(true);
    expect(reporter.facts).toEqual([
      { target: "sim/amdvi", fact: { target: "sim/amdvi" } },
      { target: "sim/vtd", fact: { target: "sim/vtd" } },
    ]);
    expect(reporter.ends.map(({ target, outcome }) => [target, outcome])).toEqual([
      ["sim/amdvi", { ok: true }],
      ["sim/vtd", { ok: true }],
    ]);
    expect(reporter.closed()).toBe(1);
  });
});

test("behavior: a program uses the library, with `using`, on the devices it is given", async () => {
  const { reporter } = await run(
    programFile(`
      import { createIommu } from "@iommukit/core";
      import type { Host } from "@iommukit/lab";
      import { type1 } from "@iommukit/type1-x86";
      export default (host: Host): void => {
        const [device] = host.devices;
        {
          using container = createIommu(host.port).openContainer({ groups: [device!.group], backends: [type1()] });
          host.log({ backend: container.backend, kind: device!.kind, arguments: process.argv.length });
        }
        host.log({ seed: process.env["IOMMUKIT_RUNNER"] ?? null });
      };`),
  );
  expect(reporter.facts.map(({ fact }) => fact)).toEqual([
    { backend: "type1v2", kind: "edu", arguments: 2 },
    { seed: null },
  ]);
});

test("behavior: what a program prints is output, never a fact", async () => {
  const { ok, reporter } = await run(programFile(PROGRAMS.noise));
  expect(ok).toBe(true);
  expect(reporter.facts.map(({ fact }) => fact)).toEqual([{ honest: true }]);
  expect(reporter.lines).toEqual([
    "to the log",
    '{"target":"sim/vtd","fact":{"forged":true}}',
    "to the errors",
  ]);
});

describe("error: each program that fails is one error with a code", () => {
  test.each([
    ["throwsIommu", "invalid-address", "IOVA -1 is negative", /program\.ts:3:/],
    ["throwsPlain", "program-threw", "TypeError: plain", /program\.ts:2:/],
    ["throwsLate", "program-threw", "late", /program\.ts:2:/],
    ["throwsAtOnce", "program-threw", "first line", /program\.ts:1:/],
    ["exits", "program-exited", "status 3", undefined],
    ["stalls", "program-stalled", "never happen", undefined],
  ] as const)("%s is %s", async (name, code, message, at) => {
    const ran = await run(programFile(PROGRAMS[name]));
    expect(ran.ok).toBe(false);
    expect(errorOf(ran)).toMatchObject({
      code,
      message: expect.stringContaining(message),
      ...(at !== undefined && { at: expect.stringMatching(at) }),
    });
  });

  test("a default export that is no function", async () => {
    const ran = await run(programFile("export default {};"));
    expect(errorOf(ran)).toMatchObject({ code: "no-default-export" });
  });

  test("a fact that is none", async () => {
    const ran = await run(programFile("export default (host) => host.log('text');"));
    expect(errorOf(ran)).toMatchObject({ code: "invalid-argument" });
  });
});

test("behavior: facts before a failure are kept", async () => {
  const { reporter } = await run(programFile(PROGRAMS.exits));
  expect(reporter.facts.map(({ fact }) => fact)).toEqual([{ before: 1 }]);
});

test.each(["hangs", "waits"] as const)(
  "error: a program that %s is ended at the timeout",
  async (name) => {
    const ran = await run(programFile(PROGRAMS[name]), { timeoutSeconds: 2 });
    expect(errorOf(ran)).toMatchObject({ code: "timeout", message: "no result after 2 s" });
    await gone(Number(ran.reporter.facts[0]?.fact["pid"]));
  },
);

test("behavior: a stop ends the program and the list", async () => {
  const controller = new AbortController();
  const reporter = recordingReporter(() =>
    controller.abort(new LabError("interrupted", "stopped")),
  );
  const { ok } = await run(programFile(PROGRAMS.hangs), {
    targets: parseTargets("sim/vtd,sim/amdvi"),
    signal: controller.signal,
    openReporter: () => reporter,
  });
  expect(ok).toBe(false);
  expect(reporter.ends).toHaveLength(1);
  expect(reporter.ends[0]?.outcome).toMatchObject({ ok: false, error: { code: "interrupted" } });
  expect(reporter.notRuns).toMatchObject([
    { target: "sim/amdvi", outcome: { ok: false, error: { code: "interrupted" } } },
  ]);
  expect(reporter.closed()).toBe(1);
  await gone(Number(reporter.facts[0]?.fact["pid"]));
});

test("behavior: a process that the program left running goes with it", async () => {
  const { reporter } = await run(
    programFile(`import { spawn } from "node:child_process";
      export default (host) => {
        const child = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"], { stdio: "inherit" });
        host.log({ pid: child.pid });
      };`),
  );
  await gone(Number(reporter.facts[0]?.fact["pid"]));
});

test("behavior: a target that cannot be used is reported, and the next one tried", async () => {
  const broken: Target = {
    name: "broken",
    kind: "sim",
    summary: "",
    needs: "",
    readiness: () => Promise.resolve({ ready: true }),
    run: () => Promise.reject(new LabError("target-not-ready", "it is not there")),
  };
  const { ok, reporter } = await run(programFile(PROGRAMS.ok), {
    targets: [broken, ...parseTargets("sim/vtd")],
  });
  expect(ok).toBe(false);
  expect(reporter.ends.map(({ outcome }) => outcome.ok)).toEqual([false, true]);
  expect(reporter.ends[0]?.outcome).toMatchObject({ error: { code: "target-not-ready" } });
});

test("error: a file that does not compile is one error, and no target is started", async () => {
  const reporter = recordingReporter();
  const ran = run(programFile("export default ("), { openReporter: () => reporter });
  await expect(ran).rejects.toMatchObject({ code: "file-invalid" });
  expect(reporter.closed()).toBe(0);
});

test("behavior: nothing of a run is left in the temporary folder", async () => {
  const mine = (): string[] =>
    readdirSync(tmpdir()).filter((name) => name.startsWith(`iommukit-run-${process.pid}-`));
  await run(programFile(PROGRAMS.throwsPlain));
  expect(mine()).toEqual([]);
});

test("behavior: the seed decides what the simulated host leaves to chance", async () => {
  const file = programFile(`import { createIommu } from "@iommukit/core";
    export default (host) => host.log({ at: createIommu(host.port).allocate(4096).address });`);
  const facts = async (seed: number) => (await run(file, { seed })).reporter.facts;
  expect(await facts(7)).toEqual(await facts(7));
});
