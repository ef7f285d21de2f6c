// How far a run is, on one line that is redrawn; nothing where nobody watches.

import { openLiveArea, spinner } from "../report/live.ts";
import type { Terminal } from "../report/terminal.ts";
import type { Progress } from "./differ.ts";

export interface ProgressBar {
  show(progress: Progress): void;
  close(): void;
}

const WIDTH = 30;

export function openProgressBar(terminal: Terminal, target: string, total: number): ProgressBar {
  if (!terminal.live) return { show: () => undefined, close: () => undefined };
  let now: Progress = { stage: "waiting", sequences: 0, differing: 0 };
  const area = openLiveArea(terminal, () => [progressText(now, target, total)]);
  return {
    // Drawn by the area's own clock: results come faster than a terminal can be read.
    show: (progress) => {
      now = progress;
    },
    close: () => area.close(),
  };
}

export function progressText(
  { stage, sequences, differing }: Progress,
  target: string,
  total: number,
): string {
  const filled = Math.round((WIDTH * sequences) / Math.max(1, total));
  const bar = `${"█".repeat(filled)}${"░".repeat(WIDTH - filled)}`;
  const bad = differing === 0 ? "" : `, ${differing} differ`;
  const what = stage === "waiting" ? "starting" : stage;
  return `${spinner()} ${target}  ${bar}  ${sequences} of ${total}${bad}  ${what}`;
}
