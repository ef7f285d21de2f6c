// `iommukit plan`: which backend's planner is asked, and which options that one takes.

import { LabError } from "../errors.ts";
import type { Invocation, RunCommand } from "./command.ts";

interface Planner {
  /** Options of `plan` that mean something to it. */
  readonly options: readonly string[];
  readonly load: () => Promise<RunCommand>;
}

/** Options of every command. */
const EVERY_COMMAND: readonly string[] = ["json", "verbose"];

const PLANNERS: Readonly<Record<string, Planner>> = {
  pamu: {
    options: ["ram", "contiguity", "banks", "windows", "policy", "svg"],
    load: async () => (await import("./plan-pamu.ts")).runPlanPamu,
  },
  spapr: {
    options: [
      "ram",
      "pages",
      "lockable",
      "placement",
      "machine",
      "page-sizes",
      "levels",
      "windows",
      "host-page",
    ],
    load: async () => (await import("./plan-spapr.ts")).runPlanSpapr,
  },
};

/** Valid errors: `invalid-argument`, `unknown-option`, and those of the planner's command. */
export async function runPlan(invocation: Invocation): Promise<number> {
  const [name = ""] = invocation.args;
  const planner = Object.hasOwn(PLANNERS, name) ? PLANNERS[name] : undefined;
  if (planner === undefined)
    throw new LabError("invalid-argument", `there is no planner for ${name}`, {
      hint: `there are: ${Object.keys(PLANNERS).join(", ")}`,
    });
  const known = [...planner.options, ...EVERY_COMMAND];
  const stranger = Object.keys(invocation.options).find((option) => !known.includes(option));
  if (stranger !== undefined)
    throw new LabError("unknown-option", `plan ${name} has no option --${stranger}`, {
      hint: `it takes ${planner.options.map((option) => `--${option}`).join(", ")}`,
    });
  const run = await planner.load();
  return await run(invocation);
}
