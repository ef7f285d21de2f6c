// Columns of text, each as wide as its widest cell.

import { plain } from "./terminal.ts";

/** The last column is not padded, so that lines end where their text ends. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = rows.reduce<number[]>((widest, row) => {
    for (const [column, cell] of row.entries())
      widest[column] = Math.max(widest[column] ?? 0, plain(cell).length);
    return widest;
  }, []);
  const line = (row: readonly string[]): string =>
    row
      .map((cell, column) => (column === row.length - 1 ? cell : pad(cell, widths[column] ?? 0)))
      .join("  ");
  return rows.map((row) => `${line(row).trimEnd()}\n`).join("");
}

function pad(cell: string, width: number): string {
  return cell + " ".repeat(Math.max(0, width - plain(cell).length));
}
