// The laws of life: in which order things close, and that the same history runs the same way twice.

import type { ClosingStep } from "../model/watched-port.ts";
import { demand } from "./law.ts";

const RANK: Readonly<Record<ClosingStep["what"], number>> = {
  unmap: 0,
  "close-device": 1,
  "unset-container": 2,
  "close-group": 2,
  "close-container": 3,
};

/** I25: unmap, then devices, then each group out of the container and closed, then the container. */
export function closedInOrder(steps: readonly ClosingStep[]): void {
  let reached = 0;
  const left = new Set<number>();
  for (const { what, fd } of steps) {
    demand("I25", RANK[what] >= reached, () => `${what} came after a later step of closing`);
    reached = RANK[what];
    if (what === "unset-container") left.add(fd);
    if (what === "close-group")
      demand("I25", left.has(fd), () => "a group was closed before it left its container");
  }
}

/** I40: one history, two runs, the same calls with the same answers. */
export function runsAlike(first: number, second: number): void {
  demand("I40", first === second, () => "the same history made other calls the second time");
}
