// A PAMU's aperture for people: a bar with one cell for each share of it, and its windows in a table.

import { formatAddress, formatSize } from "@iommukit/core";
import type { PlanRefusal, WindowPlan } from "@iommukit/fsl-pamu";
import { table } from "../report/table.ts";
import type { Terminal } from "../report/terminal.ts";
import { type Run, runsOf } from "./plan-pamu-runs.ts";

/** Characters of the bar: a power of two, so that each window has as many. */
const CELLS = 64;

export function planText(plan: WindowPlan, terminal: Terminal): string {
  const { start, last, windowSize, windows } = plan;
  const whole = formatSize(last - start + 1n);
  const runs = runsOf(plan);
  return [
    terminal.style("bold", `aperture ${formatAddress(start)}..${formatAddress(last)} (${whole})`),
    `${windows} ${windows === 1 ? "window" : "windows"} of ${formatSize(windowSize)}`,
    "",
    `  ${bar(runs, windows, terminal)}`,
    `  ${terminal.style("green", "█")} RAM  ${terminal.style("yellow", "M")} MSI bank  ${terminal.style("dim", "·")} free`,
    "",
    table(runs.map((run) => row(run, plan))).trimEnd(),
  ].join("\n");
}

export function refusalText({ code, reason, hint }: PlanRefusal, terminal: Terminal): string {
  return `${terminal.style("red", "no plan")}: ${reason} ${terminal.style("dim", `[${code}]`)}\n${terminal.style("cyan", "  hint")}: ${hint}`;
}

function row(run: Run, { start, windowSize }: WindowPlan): string[] {
  const { first, last, holds } = run;
  const from = start + windowSize * BigInt(first);
  const to = start + windowSize * BigInt(last + 1) - 1n;
  const size = holds === "MSI" ? "4 KiB used" : formatSize(windowSize * BigInt(last - first + 1));
  return [
    "",
    first === last ? `window ${first}` : `windows ${first} to ${last}`,
    `${formatAddress(from)}..${formatAddress(to)}`,
    size,
    holds === "MSI" ? `MSI bank ${run.bank}` : holds,
  ];
}

/** A cell stands for one window, or for its share of them; an MSI bank is shown wherever there is one. */
function bar(runs: readonly Run[], windows: number, terminal: Terminal): string {
  const cells = Math.min(CELLS, windows);
  const width = CELLS / cells;
  const share = windows / cells;
  return Array.from({ length: cells }, (_, cell) => {
    const met = runs.filter(
      ({ first, last }) => first < (cell + 1) * share && last >= cell * share,
    );
    if (met.some(({ holds }) => holds === "MSI"))
      return terminal.style("yellow", "M".repeat(width));
    if (met.some(({ holds }) => holds === "RAM")) return terminal.style("green", "█".repeat(width));
    return terminal.style("dim", "·".repeat(width));
  }).join("");
}
