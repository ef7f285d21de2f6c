// A PAMU's aperture as a picture: one cell for each window, rows of up to 32, and what lies where.
//
// The file stands alone: no font, style sheet or script comes from elsewhere.

import { formatAddress, formatSize } from "@iommukit/core";
import type { WindowPlan } from "@iommukit/fsl-pamu";
import { type Run, runsOf } from "./plan-pamu-runs.ts";

const COLUMNS = 32;
/** More windows than this are drawn as shares of the aperture, or the picture would be a mile high. */
const MOST_CELLS = 512;
const WIDTH = 960;
const MARGIN = 40;
const GAP = 3;
const GRID_TOP = 116;
const LABEL_WIDTH = 104;
const ROW_HEIGHT = 26;

const COLOURS = {
  RAM: { fill: "#2f7d6d", ink: "#ffffff" },
  MSI: { fill: "#e2a229", ink: "#3a2800" },
  free: { fill: "#e6eaee", ink: "#7a858f" },
} as const;
const INK = "#1d2730";
const PALE = "#5d6a75";
const FONT = "ui-sans-serif, system-ui, 'Segoe UI', Helvetica, Arial, 'DejaVu Sans', sans-serif";
const MONO = "ui-monospace, 'SF Mono', Menlo, Consolas, 'DejaVu Sans Mono', monospace";

/** A whole SVG document. */
export function planSvg(plan: WindowPlan): string {
  const runs = runsOf(plan);
  const cells = Math.min(plan.windows, MOST_CELLS);
  const columns = Math.min(COLUMNS, cells);
  const grid = drawGrid(plan, runs, { cells, columns });
  const listTop = GRID_TOP + grid.height + 48;
  const height = listTop + runs.length * ROW_HEIGHT + 24;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" font-family="${FONT}">`,
    `<title>${title(plan)}</title>`,
    `<rect width="${WIDTH}" height="${height}" fill="#ffffff"/>`,
    textAt(MARGIN, 52, title(plan), { size: 24, weight: 600 }),
    textAt(MARGIN, 80, subtitle(plan, cells), { size: 14, fill: PALE }),
    grid.body,
    drawList(plan, runs, listTop),
    "</svg>\n",
  ].join("\n");
}

function title({ start, last }: WindowPlan): string {
  return `PAMU aperture, ${formatSize(last - start + 1n)}`;
}

function subtitle({ windows, windowSize, start, last }: WindowPlan, cells: number): string {
  const each = cells === windows ? "" : `, ${windows / cells} to a cell`;
  return `${windows} ${windows === 1 ? "window" : "windows"} of ${formatSize(windowSize)}${each} · ${formatAddress(start)} to ${formatAddress(last)}`;
}

interface Shape {
  readonly cells: number;
  readonly columns: number;
}

function drawGrid(
  plan: WindowPlan,
  runs: readonly Run[],
  { cells, columns }: Shape,
): { readonly body: string; readonly height: number } {
  const room = WIDTH - 2 * MARGIN - LABEL_WIDTH;
  const pitch = room / columns;
  const side = { width: pitch - GAP, height: Math.min(pitch, 34) - GAP };
  const step = side.height + GAP;
  const share = plan.windows / cells;
  const rows = Math.ceil(cells / columns);
  const parts: string[] = [];
  for (let row = 0; row < rows; row++) {
    const address = plan.start + plan.windowSize * BigInt(Math.round(row * columns * share));
    const y = GRID_TOP + row * step;
    parts.push(
      textAt(MARGIN + LABEL_WIDTH - 14, y + side.height / 2 + 4, formatAddress(address), {
        size: 11,
        fill: PALE,
        font: MONO,
        anchor: "end",
      }),
    );
    for (let column = 0; column < columns; column++) {
      const cell = row * columns + column;
      const run = runAt(runs, cell * share, (cell + 1) * share);
      const x = MARGIN + LABEL_WIDTH + column * pitch;
      parts.push(drawCell({ x, y, ...side }, run));
    }
  }
  return { body: parts.join("\n"), height: rows * step };
}

interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

function drawCell({ x, y, width, height }: Box, run: Run): string {
  const { fill, ink } = COLOURS[run.holds];
  const rect = `<rect x="${round(x)}" y="${round(y)}" width="${round(width)}" height="${round(height)}" rx="3" fill="${fill}"><title>${escaped(nameOf(run))}</title></rect>`;
  if (run.bank === undefined) return rect;
  const label = textAt(x + width / 2, y + height / 2 + 4.5, String(run.bank), {
    size: 13,
    weight: 700,
    fill: ink,
    anchor: "middle",
  });
  return rect + label;
}

/** What a cell shows: an MSI bank if there is one in it, else RAM, else nothing. */
function runAt(runs: readonly Run[], from: number, to: number): Run {
  const met = runs.filter(({ first, last }) => first < to && last >= from);
  return (
    met.find(({ holds }) => holds === "MSI") ??
    met.find(({ holds }) => holds === "RAM") ??
    met[0] ?? { first: from, last: to, holds: "free" }
  );
}

function drawList(plan: WindowPlan, runs: readonly Run[], top: number): string {
  return runs
    .map((run, index) => {
      const y = top + index * ROW_HEIGHT;
      const from = plan.start + plan.windowSize * BigInt(run.first);
      const to = plan.start + plan.windowSize * BigInt(run.last + 1) - 1n;
      const size =
        run.holds === "MSI"
          ? "4 KiB of it"
          : formatSize(plan.windowSize * BigInt(run.last - run.first + 1));
      const windows = run.first === run.last ? `${run.first}` : `${run.first}–${run.last}`;
      return [
        `<rect x="${MARGIN}" y="${y - 12}" width="14" height="14" rx="3" fill="${COLOURS[run.holds].fill}"/>`,
        textAt(MARGIN + 26, y, nameOf(run), { size: 14, weight: run.holds === "free" ? 400 : 600 }),
        textAt(MARGIN + 150, y, `${run.first === run.last ? "window" : "windows"} ${windows}`, {
          size: 14,
          fill: PALE,
        }),
        textAt(MARGIN + 330, y, `${formatAddress(from)} … ${formatAddress(to)}`, {
          size: 13,
          font: MONO,
        }),
        textAt(WIDTH - MARGIN, y, size, { size: 14, fill: PALE, anchor: "end" }),
      ].join("");
    })
    .join("\n");
}

function nameOf({ holds, bank }: Run): string {
  return holds === "MSI" ? `MSI bank ${bank}` : holds;
}

interface TextStyle {
  readonly size: number;
  readonly weight?: number;
  readonly fill?: string;
  readonly font?: string;
  readonly anchor?: "end" | "middle";
}

function textAt(x: number, y: number, content: string, style: TextStyle): string {
  const { size, weight = 400, fill = INK, font, anchor } = style;
  const attributes = [
    `x="${round(x)}"`,
    `y="${round(y)}"`,
    `font-size="${size}"`,
    `font-weight="${weight}"`,
    `fill="${fill}"`,
    ...(font === undefined ? [] : [`font-family="${font}"`]),
    ...(anchor === undefined ? [] : [`text-anchor="${anchor}"`]),
  ];
  return `<text ${attributes.join(" ")}>${escaped(content)}</text>`;
}

function round(value: number): string {
  return String(Math.round(value * 100) / 100);
}

function escaped(content: string): string {
  return content.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}
