// `iommukit differ --on TARGET`: the simulated kernel against a real one, call by call.

import { availableParallelism } from "node:os";
import { match, P } from "ts-pattern";
import { type DifferResult, differ } from "../differ/differ.ts";
import { countOf, type Job } from "../differ/job.ts";
import { type OtherSide, realSide, simulatedSide } from "../differ/other-side.ts";
import { openProgressBar } from "../differ/progress-bar.ts";
import { type Asked, jsonReport, textReport, transcriptText } from "../differ/report.ts";
import { readSequence } from "../differ/sequence-file.ts";
import { inShares, worthwhileGuests } from "../differ/shares.ts";
import { OWN_ENVIRONMENTS, type SimulatedKind, simulatorOf } from "../differ/simulate.ts";
import { LabError } from "../errors.ts";
import { ownKernel } from "../targets/own-kernel.ts";
import type { Invocation } from "./command.ts";
import { number, text } from "./options.ts";

const DEFAULT_SEQUENCES = 300;
const KNOWN = [
  ...["qemu/vtd", "qemu/amdvi", "qemu/virtio-iommu"],
  ...["qemu/powernv9", "qemu/powernv9-64k", "qemu/pseries"],
  ...["sim/vtd", "sim/amdvi", "sim/virtio-iommu"],
  ...["sim/powernv", "sim/powernv-64k", "sim/pseries"],
];
/** At once: each takes 1 GiB or more, and keeps one processor busy. */
const USUAL_GUESTS = 2;
const MOST_GUESTS = 16;
const UINT32 = { least: 0, most: 2 ** 32 - 1, whole: true };

export async function runDiffer(invocation: Invocation): Promise<number> {
  const { terminal } = invocation;
  const target = targetOf(invocation);
  const job = await jobOf(invocation);
  const kind = kindOf(target);
  const bar = openProgressBar(terminal, target, countOf(job));
  try {
    const result = await differ({
      job,
      otherSide: otherSideOf(target, kind, { invocation, sequences: countOf(job) }),
      simulator: simulatorOf(kind),
      onProgress: (progress) => bar.show(progress),
    });
    bar.close();
    show(target, job, result, invocation);
    return result.divergences.length === 0 ? 0 : 1;
  } finally {
    bar.close();
  }
}

function show(
  target: string,
  job: Job,
  result: DifferResult,
  { json, verbose, terminal }: Invocation,
): void {
  const asked: Asked =
    job.kind === "generated"
      ? { target, seed: job.seed, first: job.first }
      : { target, seed: undefined, first: 0 };
  if (verbose) terminal.err(`milliseconds on the other side: ${JSON.stringify(result.spent)}\n`);
  if (json) terminal.out(`${JSON.stringify(jsonReport(asked, result))}\n`);
  else {
    if (job.kind === "given")
      for (const each of result.transcripts) terminal.out(`${transcriptText(each)}\n`);
    terminal.out(textReport(asked, result, terminal));
  }
}

async function jobOf({ options }: Invocation): Promise<Job> {
  const file = text(options, "sequence");
  if (file !== undefined) return { kind: "given", sequences: [await readSequence(file)] };
  return {
    kind: "generated",
    seed: number(options, "seed", UINT32) ?? 1,
    first: number(options, "first", UINT32) ?? 0,
    count:
      number(options, "sequences", { least: 1, most: 10_000_000, whole: true }) ??
      DEFAULT_SEQUENCES,
  };
}

/** Valid errors: `invalid-option`, `unknown-target`. */
function targetOf({ options }: Invocation): string {
  const on = text(options, "on");
  if (on === undefined)
    throw new LabError("invalid-option", "differ needs --on TARGET", {
      hint: "for example --on qemu/vtd",
    });
  if (on === "host" && options["allowHost"] !== true)
    throw new LabError("invalid-option", "differ makes calls that no driver makes: not on host", {
      hint: "--allow-host if this machine is there to be tested; it needs two edu devices",
    });
  return on;
}

/** Which simulated machine stands for the target. A machine of one's own is taken for Intel's. */
function kindOf(target: string): SimulatedKind {
  return match(target)
    .with("host", P.union("qemu/vtd", "sim/vtd"), () => "vtd" as const)
    .with("qemu/amdvi", "sim/amdvi", () => "amdvi" as const)
    .with("qemu/virtio-iommu", "sim/virtio-iommu", () => "virtio-iommu" as const)
    .with("qemu/powernv9", "sim/powernv", () => "powernv9" as const)
    .with("qemu/powernv9-64k", "sim/powernv-64k", () => "powernv9-64k" as const)
    .with("qemu/pseries", "sim/pseries", () => "pseries" as const)
    .otherwise(() => {
      throw new LabError("unknown-target", `differ does not know a target "${target}"`, {
        hint: `there are: ${KNOWN.join(", ")}`,
      });
    });
}

function otherSideOf(
  target: string,
  kind: SimulatedKind,
  { invocation, sequences }: { readonly invocation: Invocation; readonly sequences: number },
): OtherSide {
  const { options, signal, terminal } = invocation;
  if (target.startsWith("sim/")) return simulatedSide(simulatorOf(kind), OWN_ENVIRONMENTS[kind]);
  const side = realSide({
    target,
    timeoutSeconds: number(options, "timeout", { least: 1, most: 86_400, whole: false }),
    kernel: ownKernel(text(options, "kernel"), text(options, "modules")),
    signal,
    onLine: (line) => terminal.err(`[${target}] ${line}\n`),
  });
  if (target === "host") return side;
  const guests = number(options, "guests", { least: 1, most: MOST_GUESTS, whole: true });
  const most = Math.min(USUAL_GUESTS, availableParallelism());
  return inShares(side, guests ?? worthwhileGuests(sequences, most));
}
