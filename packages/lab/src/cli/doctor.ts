// `iommukit doctor`: what this machine's own VFIO lacks.

import type { Finding } from "../doctor/check.ts";
import { examineHost } from "../doctor/examine.ts";
import type { Terminal } from "../report/terminal.ts";
import type { Invocation } from "./command.ts";

export function runDoctor({ json, terminal }: Invocation): Promise<number> {
  const findings = examineHost();
  if (json) for (const finding of findings) terminal.out(`${JSON.stringify(finding)}\n`);
  else terminal.out(findingsText(findings, terminal));
  return Promise.resolve(findings.every(({ ok }) => ok) ? 0 : 1);
}

export function findingsText(findings: readonly Finding[], terminal: Terminal): string {
  const width = Math.max(...findings.map(({ check }) => check.length));
  const failed = findings.filter(({ ok }) => !ok).length;
  const lines = findings.map(({ check, ok, found, remedy }) => {
    const mark = ok ? terminal.style("green", "ok  ") : terminal.style("red", "lack");
    const todo =
      remedy === null ? "" : `\n${" ".repeat(width + 6)}${terminal.style("cyan", "→")} ${remedy}`;
    return `${mark}  ${check.padEnd(width)}  ${found}${todo}\n`;
  });
  const verdict =
    failed === 0
      ? "VFIO is ready on this machine"
      : `${failed} of ${findings.length} checks found something lacking`;
  return `${lines.join("")}${verdict}\n`;
}
