import { beforeEach, expect, test, vi } from "vitest";
import { programFile } from "../../test/programs.ts";
import { recordingReporter } from "../../test/recording-reporter.ts";
import { type Finding, ill, well } from "../doctor/check.ts";
import { runTargets } from "../run/run-targets.ts";
import { HOST_TARGET } from "./host.ts";

const findings: Finding[] = [];
vi.mock("../doctor/examine.ts", () => ({ examineHost: () => findings }));
beforeEach(() => void findings.splice(0));

async function run(): Promise<ReturnType<typeof recordingReporter>> {
  const reporter = recordingReporter();
  await runTargets({
    file: programFile(
      "export default (host) => host.log({ devices: host.devices, arch: host.port.abi.arch });",
    ),
    targets: [HOST_TARGET],
    timeoutSeconds: 30,
    seed: undefined,
    kernel: undefined,
    signal: new AbortController().signal,
    openReporter: () => reporter,
  });
  return reporter;
}

test.runIf(process.platform === "linux")(
  "behavior: on this machine's own kernel nothing is bound",
  async () => {
    findings.push(well("iommu", "there is one"));
    const { ends, facts } = await run();
    expect(ends[0]?.outcome).toEqual({ ok: true });
    expect(facts[0]?.fact["devices"]).toBeInstanceOf(Array);
  },
);

test("error: target-not-ready, as the list says it, and the program does not run", async () => {
  findings.push(well("a", "fine"), ill("iommu", "no IOMMU is in use", "boot with intel_iommu=on"));
  expect(await HOST_TARGET.readiness()).toMatchObject({ ready: false });
  const { ends, facts } = await run();
  expect(facts).toEqual([]);
  expect(ends[0]?.outcome).toMatchObject({
    ok: false,
    error: {
      code: "target-not-ready",
      message: "host is not ready: no IOMMU is in use",
      hint: "boot with intel_iommu=on",
    },
  });
});
