// A plan of windows, and a refusal, for people.

import { formatAddress, formatRange, formatSize } from "@iommukit/core";
import type { PlanRefusal, PlanRequest, WindowPlan } from "@iommukit/spapr-tce";
import { table } from "../report/table.ts";
import type { Terminal } from "../report/terminal.ts";

export function spaprPlanText(
  plan: WindowPlan,
  { lockable }: PlanRequest,
  terminal: Terminal,
): string {
  const rows = plan.windows.map((window) => [
    formatAddress(window.start),
    formatSize(window.size),
    formatSize(window.pageSize),
    String(window.levels),
    formatSize(window.tableBytes),
    window.from,
    window.ranges.map(({ address, size }) => formatRange(address, size)).join(", ") || "nothing",
  ]);
  const heading = ["WINDOW", "SIZE", "PAGES", "LEVELS", "TABLE", "FROM", "CARRIES"];
  const limit = lockable === undefined ? "" : ` of ${formatSize(lockable)}`;
  return [
    table([heading.map((word) => terminal.style("dim", word)), ...rows]),
    `default window: ${plan.defaultWindow}\n`,
    `locked: ${formatSize(plan.lockedBytes)}${limit}, `,
    `${formatSize(plan.registeredBytes)} of memory and ${formatSize(plan.tableBytes)} of tables`,
  ].join("");
}

export function spaprRefusalText({ reasons, helps }: PlanRefusal, terminal: Terminal): string {
  const lines = [
    terminal.style("red", "no plan"),
    ...reasons.map((reason) => `  ${reason}`),
    ...helps.map(({ sentence }) => `  ${terminal.style("cyan", "→")} ${sentence}`),
  ];
  if (helps.length === 0) lines.push("  nothing that could be changed would help");
  return lines.join("\n");
}
