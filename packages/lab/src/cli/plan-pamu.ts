// `iommukit plan pamu`: the aperture of a guest as JSON, as text, and as a picture.

import { writeFileSync } from "node:fs";
import { bytes, iova } from "@iommukit/core";
import {
  type MsiPolicy,
  type PlanRefusal,
  planWindows,
  type RamRegion,
  type WindowPlan,
} from "@iommukit/fsl-pamu";
import { errnoOf, LabError } from "../errors.ts";
import type { Invocation, OptionValues } from "./command.ts";
import { number, text } from "./options.ts";
import { planSvg } from "./plan-pamu-svg.ts";
import { planText, refusalText } from "./plan-pamu-text.ts";
import { parseSize } from "./sizes.ts";

const MOST_BANKS = 256;
const MOST_WINDOWS = 65_536;

/** 0 with a plan, 1 where there is none. Valid errors: `invalid-option`. */
export function runPlanPamu({ options, json, terminal }: Invocation): Promise<number> {
  const answer = planWindows({
    ram: ramOf(required(options, "ram")),
    contiguity: bytes(parseSize("contiguity", required(options, "contiguity"))),
    msiBanks: count(options, "banks", 0, MOST_BANKS) ?? Number(required(options, "banks")),
    maxWindows: count(options, "windows", 1, MOST_WINDOWS) ?? 256,
    policy: policyOf(text(options, "policy")),
  });
  const file = text(options, "svg");
  if (answer.kind === "plan" && file !== undefined) draw(file, answer);
  terminal.out(
    json ? `${JSON.stringify(asJson(answer))}\n` : `${describe(answer, file)(terminal)}\n`,
  );
  return Promise.resolve(answer.kind === "plan" ? 0 : 1);
}

type Answer = WindowPlan | PlanRefusal;

function describe(answer: Answer, file: string | undefined) {
  return (terminal: Invocation["terminal"]): string => {
    if (answer.kind === "refused") return refusalText(answer, terminal);
    const drawn = file === undefined ? "" : `\n\ndrawn in ${file}`;
    return planText(answer, terminal) + drawn;
  };
}

/** Numbers are exact: nothing of an aperture is above 2^36. */
function asJson(answer: Answer): object {
  if (answer.kind === "refused")
    return { code: answer.code, reason: answer.reason, hint: answer.hint };
  const { windowSize, windows, start, last, msi } = answer;
  return {
    windowSize: Number(windowSize),
    windows,
    aperture: [Number(start), Number(last)],
    msi: msi.map(({ bank, window, iova: at }) => ({ bank, window, iova: Number(at) })),
  };
}

function draw(file: string, plan: WindowPlan): void {
  try {
    writeFileSync(file, planSvg(plan));
  } catch (error) {
    throw new LabError("invalid-option", `--svg ${file} cannot be written: ${errnoOf(error)}`, {
      hint: "its folder must be there, and be yours to write",
      cause: error,
    });
  }
}

function ramOf(list: string): readonly RamRegion[] {
  return list.split(",").map((region) => {
    const [size = "", address, ...more] = region.split("@");
    if (address === undefined || more.length > 0)
      throw new LabError("invalid-option", `--ram ${region} is not SIZE@ADDRESS`, {
        hint: "such as --ram 512M@0 or --ram 1G@4G",
      });
    return { start: iova(parseSize("ram", address)), size: bytes(parseSize("ram", size)) };
  });
}

function policyOf(written: string | undefined): MsiPolicy {
  if (written === undefined || written === "after" || written === "holes")
    return written ?? "after";
  throw new LabError("invalid-option", `--policy ${written} is no policy`, {
    hint: "after or holes",
  });
}

function count(
  options: OptionValues,
  name: string,
  least: number,
  most: number,
): number | undefined {
  return number(options, name, { least, most, whole: true });
}

function required(options: OptionValues, name: string): string {
  const written = text(options, name);
  if (written !== undefined) return written;
  throw new LabError("invalid-option", `plan pamu needs --${name}`, {
    hint: "see iommukit plan --help",
  });
}
