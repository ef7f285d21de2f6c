// `iommukit plan spapr`: the windows of a POWER guest or driver as JSON and as text.

import {
  type MemoryRange,
  type PlanRequest,
  planWindows,
  type WindowPlan,
} from "@iommukit/spapr-tce";
import { LabError } from "../errors.ts";
import type { Invocation, OptionValues } from "./command.ts";
import { text } from "./options.ts";
import { offerOf } from "./plan-spapr-machines.ts";
import { spaprPlanText, spaprRefusalText } from "./plan-spapr-text.ts";
import { parseSize } from "./sizes.ts";

/** 0 with a plan, 1 where there is none. Valid errors: `invalid-option`. */
export function runPlanSpapr({ options, json, terminal }: Invocation): Promise<number> {
  const request = requestOf(options);
  const { plan, refusal } = planWindows(request);
  if (json) terminal.out(`${JSON.stringify(asJson(plan) ?? refusal, asText)}\n`);
  else if (plan === undefined) terminal.out(`${spaprRefusalText(refusal, terminal)}\n`);
  else terminal.out(`${spaprPlanText(plan, request, terminal)}\n`);
  return Promise.resolve(plan === undefined ? 1 : 0);
}

/** Without the offer, which is what was asked. */
function asJson(plan: WindowPlan | undefined): object | undefined {
  if (plan === undefined) return undefined;
  const { offer: _, ...answer } = plan;
  return answer;
}

function requestOf(options: OptionValues): PlanRequest {
  const offer = offerOf(options);
  const pages = text(options, "pages");
  const backing = pages === undefined ? offer.kernelPageSize : Number(parseSize("pages", pages));
  const lockable = text(options, "lockable");
  return {
    offer,
    ranges: rangesOf(required(options, "ram"), backing),
    lockable: lockable === undefined ? undefined : BigInt(parseSize("lockable", lockable)),
    placement: placementOf(text(options, "placement")),
  };
}

/** `SIZE@ADDRESS`, with `:PAGES` where other pages back it than the rest. */
function rangesOf(list: string, backing: number): readonly MemoryRange[] {
  return list.split(",").map((written) => {
    const [range = "", pages, ...more] = written.split(":");
    const [size = "", address = "0", ...rest] = range.split("@");
    if (more.length > 0 || rest.length > 0)
      throw new LabError("invalid-option", `--ram ${written} is not SIZE@ADDRESS:PAGES`, {
        hint: "such as --ram 64G@0:2M; address and pages may be left out",
      });
    return {
      address: BigInt(parseSize("ram", address)),
      size: BigInt(parseSize("ram", size)),
      backing: pages === undefined ? backing : Number(parseSize("ram", pages)),
    };
  });
}

function placementOf(written: string | undefined): PlanRequest["placement"] {
  if (written === undefined || written === "any" || written === "identity") return written;
  throw new LabError("invalid-option", `--placement ${written} is no placement`, {
    hint: "any or identity",
  });
}

function required(options: OptionValues, name: string): string {
  const written = text(options, name);
  if (written !== undefined) return written;
  throw new LabError("invalid-option", `plan spapr needs --${name}`, {
    hint: "see iommukit plan --help",
  });
}

/** Bigints as facts have them: "0x…". */
function asText(_: string, value: unknown): unknown {
  return typeof value === "bigint" ? `0x${value.toString(16)}` : value;
}
