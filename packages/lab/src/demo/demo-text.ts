// The demo's results for people.

import { formatAddress } from "@iommukit/core";
import { sizeText } from "../report/size-text.ts";
import { table } from "../report/table.ts";
import type { Terminal } from "../report/terminal.ts";
import type { Attempt, DemoResult, WindowFact } from "./scenario.ts";

export function demoText(result: DemoResult, summary: string, terminal: Terminal): string {
  const rows = [
    ...[["backend", result.backend]],
    ...result.refused.map(({ backend, reasons }) => [
      "refused",
      `${backend}: ${reasons.join("; ")}`,
    ]),
    ...result.windows.map((window, index) => [index === 0 ? "windows" : "", windowText(window)]),
    ["copied", `${sizeText(result.bytesCopied)} arrived through the device unchanged`],
    ...result.blocked.map((attempt, index) => [index === 0 ? "blocked" : "", attemptText(attempt)]),
    ["left open", result.leftBehind === 0 ? "nothing" : `${result.leftBehind} objects`],
    ["calls", callsText(result.calls)],
  ];
  const mark = result.ok ? terminal.style("green", "✓") : terminal.style("red", "✗");
  const title = `${mark} ${terminal.style("bold", result.target)}  ${summary}\n`;
  return (
    title + table(rows.map(([name = "", text = ""]) => ["  ", terminal.style("dim", name), text]))
  );
}

/** The families side by side: the same program, what it met, and what its device could reach. */
export function sideBySide(results: readonly DemoResult[], terminal: Terminal): string {
  const heading = ["target", "backend", "first window", "in pages of", "copied", "not stopped"];
  const rows = results.map((result) => [
    result.target,
    result.backend,
    windowSizeText(result.windows[0]),
    pageText(result.windows[0]),
    sizeText(result.bytesCopied),
    `${result.blocked.filter(({ bytesChanged }) => bytesChanged > 0).length} of ${result.blocked.length}`,
  ]);
  const dim = heading.map((name) => terminal.style("dim", name));
  return table([dim, ...rows].map((row) => ["", ...row]));
}

function windowSizeText(window: WindowFact | undefined): string {
  return window === undefined ? "none" : `${sizeText(BigInt(window.bytes))}, ${window.kind}`;
}

function pageText(window: WindowFact | undefined): string {
  return window === undefined ? "" : sizeText(window.pageSize);
}

function windowText({ first, last, bytes, pageSize, kind }: WindowFact): string {
  const [from, to] = [first, last].map((address) => formatAddress(BigInt(address)));
  return `${from}..${to} (${sizeText(BigInt(bytes))}, ${kind}, in pages of ${sizeText(pageSize)})`;
}

function attemptText({ access, bytesChanged, faults }: Attempt): string {
  const reported = faults === 1 ? "1 fault" : `${faults} faults`;
  return `${access}: ${bytesChanged} bytes changed, the IOMMU reported ${reported}`;
}

/** The ioctls by name; of the rest the number. */
function callsText(calls: DemoResult["calls"]): string {
  const entries = Object.entries(calls);
  const ioctls = entries.filter(([name]) => name.startsWith("VFIO_"));
  const total = entries.reduce((sum, [, count]) => sum + count, 0);
  const named = ioctls.map(([name, count]) => `${name.slice("VFIO_".length)} ${count}`);
  return `${total} in all, of them ioctls: ${named.join(", ")}`;
}
