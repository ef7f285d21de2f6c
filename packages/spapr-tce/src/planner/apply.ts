// Makes the windows of a plan in a container that has its default window and nothing mapped in it.

import { bytes, type DmaWindow, IommuError, iova, type WindowControl } from "@iommukit/core";
import type { PlannedWindow, WindowPlan } from "./search.ts";

/**
 * Removes the default window if the plan does, and creates the plan's windows in order. Answers one window
 * for each of the plan's. All or nothing, but for the default window: where the firmware does not give it
 * back, it stays away.
 *
 * Valid errors: `WINDOW_ERRORS`; `wrong-state` when the container has other windows than its default one.
 */
export function applyPlan(windows: WindowControl, plan: WindowPlan): readonly DmaWindow[] {
  const [present, ...others] = windows.list();
  if (present === undefined || others.length > 0 || !isPlanned(present, plan))
    throw notFresh(windows.list());
  const undo: (() => void)[] = [];
  try {
    if (plan.defaultWindow === "removed") {
      windows.remove(present);
      undo.push(() => windows.create(requestOf(present)));
    }
    return plan.windows.map((planned) => {
      if (planned.from === "default") return present;
      const window = windows.create(wanted(planned));
      undo.push(() => windows.remove(window));
      return window;
    });
  } catch (error) {
    for (const step of undo.toReversed()) attempt(step);
    throw error;
  }
}

/** A default window that the plan keeps must be that one. */
function isPlanned({ start, last, pageSize }: DmaWindow, { windows }: WindowPlan): boolean {
  return windows
    .filter(({ from }) => from === "default")
    .every((kept) => {
      return kept.start === start && kept.size === last - start + 1n && kept.pageSize === pageSize;
    });
}

function wanted({
  pageSize,
  size,
  levels,
  start,
}: PlannedWindow): Parameters<WindowControl["create"]>[0] {
  return { pageSize, size: bytes(size), levels, start: iova(start) };
}

function requestOf({ pageSize, start, last }: DmaWindow): Parameters<WindowControl["create"]>[0] {
  return { pageSize, size: bytes(last - start + 1n), start };
}

/** The first error is the one to tell; what cannot be undone shows in `windows.list()`. */
function attempt(step: () => void): void {
  try {
    step();
  } catch {
    // Told by the window list.
  }
}

function notFresh(windows: readonly DmaWindow[]): IommuError {
  return new IommuError({
    code: "wrong-state",
    operation: "applyPlan",
    sentence: `applyPlan refused: the container has ${windows.length} windows, not its default one alone`,
    hint: "plan and apply before anything else is made",
  });
}
