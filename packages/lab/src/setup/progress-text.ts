// A download for people: bytes, share, rate.

import type { Progress } from "../qemu/index.ts";
import { sizeText } from "../report/size-text.ts";

export interface Meter {
  /** One line for the newest progress. */
  line(progress: Progress): string;
}

const BAR_WIDTH = 24;

/** `now` in milliseconds. */
export function createMeter(now: () => number = () => performance.now()): Meter {
  let label = "";
  let first = { at: 0, received: 0 };
  return {
    line: (progress) => {
      if (progress.label !== label) {
        label = progress.label;
        first = { at: now(), received: progress.received };
      }
      const seconds = (now() - first.at) / 1000;
      const rate = seconds > 0.2 ? (progress.received - first.received) / seconds : 0;
      return progressLine(progress, rate);
    },
  };
}

export function progressLine({ label, received, total }: Progress, rate: number): string {
  const share = total > 0 ? Math.min(1, received / total) : 0;
  const filled = Math.round(share * BAR_WIDTH);
  const bar = "█".repeat(filled) + "░".repeat(BAR_WIDTH - filled);
  // An index is counted in per cent and unpacking in steps; only packages are bytes worth a rate.
  const isBytes = total > 1000;
  const bytes = isBytes ? ` ${sizeText(received)} of ${sizeText(total)}` : "";
  const speed = isBytes && rate > 0 ? `, ${sizeText(rate)}/s` : "";
  return `${label}  ${bar} ${Math.round(share * 100)} %${bytes}${speed}`;
}
