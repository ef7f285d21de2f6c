// The last lines of a terminal, redrawn in place while something runs.

import { plain, type Terminal } from "./terminal.ts";

export interface LiveArea {
  /** Prints above the area, where it stays. */
  print(text: string): void;
  draw(): void;
  /** Draws once more and leaves the lines standing. */
  close(): void;
}

const FRAME_MILLISECONDS = 100;
const CLEAR_DOWN = "\u001b[0J";

/** `lines` is asked for the area's lines whenever it is drawn. */
export function openLiveArea(terminal: Terminal, lines: () => readonly string[]): LiveArea {
  let drawn = 0;
  const erase = (): string => (drawn === 0 ? "" : `\u001b[${drawn}A\r${CLEAR_DOWN}`);
  const draw = (above = ""): void => {
    const area = lines().map((line) => cut(line, terminal.columns - 1));
    terminal.out(`${erase()}${above}${area.map((line) => `${line}\n`).join("")}`);
    drawn = area.length;
  };
  const timer = setInterval(() => draw(), FRAME_MILLISECONDS);
  timer.unref();
  return {
    print: (text) => draw(text),
    draw: () => draw(),
    close: () => {
      clearInterval(timer);
      draw();
      drawn = 0;
    },
  };
}

const SPINNER = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏";

export function spinner(): string {
  const frame = Math.floor(performance.now() / FRAME_MILLISECONDS) % SPINNER.length;
  return SPINNER[frame] ?? "";
}

/** A line that wrapped would be two, and be erased as one. Colours are dropped only where it is cut. */
function cut(line: string, width: number): string {
  const text = plain(line);
  return text.length <= width ? line : `${text.slice(0, Math.max(0, width - 1))}…`;
}
