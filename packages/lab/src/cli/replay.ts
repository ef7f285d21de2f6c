// `iommukit replay RECORDING --on TARGET`: whether another kernel answers as the recorded one did.

import { readFile } from "node:fs/promises";
import type { SimulatedKind } from "../differ/simulate.ts";
import { LabError } from "../errors.ts";
import { parseRecording, type Recorded } from "../record/format.ts";
import type { Mismatch } from "../record/replayer.ts";
import { type Replayed, replayOn, replaySimulated } from "../record/run-record.ts";
import type { Terminal } from "../report/terminal.ts";
import type { Invocation } from "./command.ts";
import { text } from "./options.ts";
import { howToRun, oneTarget } from "./record-options.ts";

const SIMULATED: Readonly<Record<string, SimulatedKind>> = {
  "sim/vtd": "vtd",
  "sim/amdvi": "amdvi",
  "sim/virtio-iommu": "virtio-iommu",
  "sim/powernv": "powernv9",
  "sim/powernv-64k": "powernv9-64k",
  "sim/pseries": "pseries",
};

/** What is shown to people: those that follow are mostly its consequences. */
const MOST_SHOWN = 10;

export async function runReplay(invocation: Invocation): Promise<number> {
  const { args, json, options, terminal } = invocation;
  const file = args[0] ?? "";
  const recorded = parseRecording(file, await readText(file));
  const on = text(options, "on");
  const replayed = await replayedBy(invocation, file, recorded);
  const { calls, mismatches } = replayed;
  if (json) terminal.out(`${JSON.stringify({ target: on, calls, mismatches })}\n`);
  else terminal.out(replayText(on ?? "", replayed, terminal));
  return mismatches.length === 0 ? 0 : 1;
}

async function replayedBy(
  invocation: Invocation,
  file: string,
  recorded: Recorded,
): Promise<Replayed> {
  const kind = SIMULATED[text(invocation.options, "on") ?? ""];
  if (kind !== undefined) return await replaySimulated(recorded, kind);
  return await replayOn(file, oneTarget(invocation, "replay"), howToRun(invocation));
}

function replayText(on: string, { calls, mismatches }: Replayed, terminal: Terminal): string {
  const count = mismatches.length;
  const verdict =
    count === 0
      ? terminal.style("green", "all answered as recorded")
      : terminal.style("red", `${count} answered otherwise`);
  return [
    ...mismatches.slice(0, MOST_SHOWN).map(mismatchText),
    `${on}: ${calls} calls, ${verdict}\n`,
  ].join("");
}

function mismatchText({ at, recorded, replayed }: Mismatch): string {
  return `call ${at}\n  recorded  ${JSON.stringify(recorded)}\n  replayed  ${JSON.stringify(replayed)}\n`;
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (cause) {
    throw new LabError("file-unreadable", `${file} cannot be read`, {
      hint: "replay takes what iommukit record printed",
      cause,
    });
  }
}
